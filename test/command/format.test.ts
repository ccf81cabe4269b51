import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { expect, test } from "vitest";
import { dateTime, escaped, list, plain, safe, typedWords, unescaped } from "../../src/command/format.ts";

const at = Temporal.Instant.from("2021-03-17T05:20:30Z");

test("a moment is a date token whose fallback says UTC", () => {
  expect(dateTime(at)).toBe("<!date^1615958430^{date_short_pretty} {time}|2021-03-17 05:20 UTC>");
});

test.each([
  [`*run 7* in _prod_ ${dateTime(at)}`, "run 7 in prod 2021-03-17 05:20 UTC"],
  ["<@U012|asha> in <#C1|ops>", "@asha in #ops"],
  ["<@U012>", "@U012"],
  ["<https://example.org/x|the log>", "the log (https://example.org/x)"],
  ["<https://example.org>", "https://example.org"],
  ["a &lt;b&gt; `c`", "a <b> c"],
  ["in :red_circle: *prod*, :large_green_circle: *preprod*", "in prod, preprod"],
  ["2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"],
])("%s as plain text", (text, shown) => {
  expect(plain(text)).toBe(shown);
});

test("a stranger's text mentions nobody, ours may", () => {
  expect(safe(`<!channel> <!here|x> <!subteam^S1> <@U012|asha> <https://x|y> & ${dateTime(at)}`)).toBe(
    `&lt;!channel&gt; &lt;!here|x&gt; &lt;!subteam^S1&gt; <@U012|asha> &lt;https://x|y&gt; &amp; ${dateTime(at)}`,
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(escaped(text)).not.toMatch(/[<>]/);
      expect(unescaped(escaped(text))).toBe(text);
      expect(safe(`<!${text}>`)).not.toMatch(/<!(?!date)/);
    }),
  );
});

test("what people typed shows as they saw it", () => {
  expect(typedWords("see <https://example.org/x|log> by <@U012|asha> &gt; <mailto:a@example.org|a@example.org>")).toBe(
    "see log (https://example.org/x) by @asha > a@example.org",
  );
});

test("lists read like a sentence", () => {
  expect([list([]), list(["a"]), list(["a", "b"]), list(["a", "b", "c"])]).toEqual(["", "a", "a and b", "a, b and c"]);
});
