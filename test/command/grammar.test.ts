import fc from "fast-check";
import { expect, test } from "vitest";
import { firstWord, readWords } from "../../src/command/grammar.ts";

test("words, options, flags and parameters are told apart", () => {
  const read = readWords(`person-sync prod a=1 b="two words" --reason='it is so' --gaps`, {
    options: ["reason"],
    flags: ["gaps"],
    parameters: true,
  });
  expect(read.words).toEqual(["person-sync", "prod"]);
  expect(read.parameters).toEqual({ a: "1", b: "two words" });
  expect(read.options.get("reason")).toBe("it is so");
  expect(read.flags.has("gaps")).toBe(true);
});

test.each([
  ["“curly quotes” x", ["curly quotes", "x"]],
  ["„low quotes“ x", ["low quotes", "x"]],
  ["«guillemets» x", ["guillemets", "x"]],
  ['“mixed quotes" x', ["mixed quotes", "x"]],
  ["it's fine, isn't it", ["it's", "fine,", "isn't", "it"]],
  ["'single quotes' x", ["single quotes", "x"]],
  ["‘curly singles’ x", ["curly singles", "x"]],
  ["<@U012|asha rao> a &amp; b", ["<@U012>", "a", "&", "b"]],
  ["<mailto:asha@example.org|asha@example.org>", ["asha@example.org"]],
  ["<http://tcs.example.org|tcs.example.org>", ["tcs.example.org"]],
  ['"say \\"no" x', ['say \\"no', "x"]],
])("%s", (line, words) => {
  expect(readWords(line, {}).words).toEqual(words);
});

test("a dash that a keyboard made of two hyphens is a flag", () => {
  expect(readWords("—gaps", { flags: ["gaps"] }).flags.has("gaps")).toBe(true);
  expect(readWords("–gaps", { flags: ["gaps"] }).flags.has("gaps")).toBe(true);
});

test("an option without its value, and a flag with one, say how they are written", () => {
  const takes = { options: ["reason"], flags: ["gaps"] };
  expect(() => readWords("--reason", takes)).toThrow("--reason needs a value.");
  expect(() => readWords("--gaps=yes", takes)).toThrow("--gaps takes no value.");
});

test("prose is what was typed, without the options that were meant as such", () => {
  const read = readWords("INC-3  The  fix=done is --ready at=14:30 now", { options: ["at"], prose: true });
  expect(read.options.get("at")).toBe("14:30");
  expect(read.prose(1)).toBe("The  fix=done is --ready now");
  expect(read.prose(99)).toBe("");
});

test("any line is read or refused with a user's error, and prose never throws", () => {
  const line = fc.array(fc.constantFrom("a", "b=", '"', "'", "“", "”", "<", ">", "--x", "=", " ", "&lt;", "|", "@U1"));
  fc.assert(
    fc.property(line, (parts) => {
      const text = parts.join("");
      readWords(text, { prose: true }).prose(0);
      try {
        readWords(text, { parameters: true });
      } catch (error) {
        expect(error).toHaveProperty("kind", "usage");
      }
    }),
  );
});

test("quoting a value keeps it, whatever it is", () => {
  const value = fc.string().filter((text) => !/["“”„<>&]/.test(text) && text !== "" && text.trim() === text);
  fc.assert(
    fc.property(value, (text) => {
      expect(readWords(`name="${text}" x`, { parameters: true }).parameters).toEqual({ name: text });
    }),
  );
});

test("the first word and the rest", () => {
  expect(firstWord("  run  a b ")).toEqual(["run", "a b"]);
  expect(firstWord("")).toEqual(["", ""]);
});
