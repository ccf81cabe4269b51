import fc from "fast-check";
import { expect, test } from "vitest";
import { catalogueSchema } from "../../src/config/catalogue.ts";
import { asTyped, describeParameters, readParameters } from "../../src/services/runs-parameters.ts";

const { jobs } = catalogueSchema.parse({
  version: 1,
  jobs: {
    etl: {
      parameters: {
        mode: { type: "enum", values: ["full", "delta"], default: "delta" },
        day: { type: "date" },
        rows: { type: "integer" },
        dry: { type: "boolean" },
        note: { type: "string", pattern: "A|BB" },
        who: { type: "string", required: true },
      },
      environments: {},
    },
    plain: { environments: {} },
  },
});
const { etl, plain } = jobs;
if (etl === undefined || plain === undefined) throw new Error("the jobs are not there");
const read = (typed: Record<string, string>) =>
  readParameters({ name: "etl", definition: etl }, { who: "me", ...typed });

test("values become what the job wants, defaults filled in", () => {
  expect(read({ day: "2021-03-16", rows: "-12", dry: "false", note: "BB" })).toEqual({
    mode: "delta",
    day: "2021-03-16",
    rows: -12,
    dry: false,
    note: "BB",
    who: "me",
  });
});

test.each([
  [{ mode: "fall" }, 'Did you mean "full"?'],
  [{ day: "2021-02-30" }, "Write day=YYYY-MM-DD"],
  [{ day: "16 March" }, "Write day=YYYY-MM-DD"],
  [{ rows: "12.5" }, "Write rows=a number"],
  [{ rows: "1e9" }, "Write rows=a number"],
  [{ dry: "yes" }, "Write dry=true|false"],
  [{ note: "ABB" }, "Write note=A|BB"],
  [{ note: "A\n" }, "Write note=A|BB"],
])("%j does not fit", (typed, wayOut) => {
  expect(() => read(typed)).toThrow(expect.objectContaining({ kind: "invalid", code: "bad_parameter", wayOut }));
});

test("a parameter that is described is told by its description, not by its pattern", () => {
  const { sync } = catalogueSchema.parse({
    version: 1,
    jobs: {
      sync: {
        parameters: {
          dateOverride: {
            type: "string",
            pattern: "ANY|\\d{4}-\\d{2}-\\d{2}",
            description: "ANY or a day",
            required: true,
          },
        },
        environments: {},
      },
    },
  }).jobs;
  if (sync === undefined) throw new Error("the job is not there");
  const typed = (values: Record<string, string>) => readParameters({ name: "sync", definition: sync }, values);
  expect(() => typed({ dateOverride: "today" })).toThrow(
    expect.objectContaining({ wayOut: "Write dateOverride=… (ANY or a day)" }),
  );
  expect(() => typed({})).toThrow(expect.objectContaining({ wayOut: "Add dateOverride=… (ANY or a day)" }));
  expect(describeParameters(sync)).toEqual(["dateOverride (ANY or a day, required)"]);
});

test("a missing one and an unknown one are told", () => {
  expect(() => readParameters({ name: "etl", definition: etl }, {})).toThrow(
    expect.objectContaining({ code: "missing_parameter", wayOut: "Add who=text" }),
  );
  expect(() => read({ mod: "full" })).toThrow(
    expect.objectContaining({ code: "unknown_parameter", wayOut: 'Did you mean "mode"?' }),
  );
  expect(() => readParameters({ name: "plain", definition: plain }, { x: "1" })).toThrow(
    expect.objectContaining({ wayOut: "It takes none." }),
  );
  expect(() => read({ constructor: "x" })).toThrow(expect.objectContaining({ code: "unknown_parameter" }));
});

test("what was read, typed again, is the same", () => {
  const value = fc.record({ rows: fc.integer().map(String), dry: fc.boolean().map(String), who: fc.string() });
  fc.assert(
    fc.property(value, (typed) => {
      const once = read(typed);
      expect(read(asTyped(once))).toEqual(once);
    }),
  );
});

test("lists say what each takes", () => {
  expect(describeParameters(etl)).toContain("who (text, required)");
  expect(describeParameters(etl)).toContain("mode (full|delta)");
});
