import { Temporal } from "temporal-polyfill";
import { UserError } from "../base/errors.ts";
import type { Catalogue, CatalogueJob, Parameter } from "../config/catalogue.ts";
import { hintFor } from "../config/nearest.ts";
import { matchPattern, pattern } from "../config/scalars.ts";

export type ParameterValues = Readonly<Record<string, string | number | boolean>>;

/**
 * What was typed as the job wants it, defaults filled in. Strict: a name or a value that does not fit is an error with
 * the way out, never left out.
 */
export function readParameters(
  job: { readonly name: string; readonly definition: CatalogueJob },
  typed: Readonly<Record<string, string>>,
): ParameterValues {
  const { parameters } = job.definition;
  for (const name of Object.keys(typed)) {
    if (Object.hasOwn(parameters, name)) continue;
    const known = Object.keys(parameters);
    throw invalid(
      "unknown_parameter",
      `${job.name} has no parameter ${name}.`,
      known.length === 0 ? "It takes none." : sentence(hintFor(name, known)),
    );
  }
  const values: Record<string, string | number | boolean> = {};
  for (const [name, parameter] of Object.entries(parameters)) {
    const text = typed[name];
    if (text !== undefined) values[name] = read(name, parameter, text);
    else if (parameter.default !== undefined) values[name] = parameter.default;
    else if (parameter.required) {
      throw invalid("missing_parameter", `${job.name} needs ${name}.`, `Add ${howToWrite(name, parameter)}`);
    }
  }
  return values;
}

/** `name=value` as it would be typed again. */
export const asTyped = (values: ParameterValues): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));

/** `dateOverride (ANY, NONE or a day)`, for lists: as the catalogue describes it, else by its shape. */
export function describeParameters(job: Catalogue["jobs"][string]): string[] {
  return Object.entries(job.parameters).map(
    ([name, parameter]) =>
      `${name} (${parameter.description ?? exampleOf(parameter)}${parameter.required ? ", required" : ""})`,
  );
}

function read(name: string, parameter: Parameter, text: string): string | number | boolean {
  const wrong = () => invalid("bad_parameter", `${name}=${text} does not fit.`, `Write ${howToWrite(name, parameter)}`);
  if (parameter.pattern !== undefined && !fits(parameter.pattern, text)) throw wrong();
  switch (parameter.type) {
    case "string":
      return text;
    case "integer":
      if (!/^[+-]?\d{1,15}$/.test(text)) throw wrong();
      return Number(text);
    case "boolean":
      if (text !== "true" && text !== "false") throw wrong();
      return text === "true";
    case "date":
      if (!isDate(text)) throw wrong();
      return text;
    case "enum":
      if (!parameter.values?.includes(text)) {
        throw invalid(
          "bad_parameter",
          `${name}=${text} does not fit.`,
          sentence(hintFor(text, parameter.values ?? [])),
        );
      }
      return text;
  }
}

/** The whole text has to match, by the same engine that reads strangers' text. */
function fits(source: string, text: string): boolean {
  return matchPattern(pattern.parse(`^(?:${source})$`), text) !== null;
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  try {
    Temporal.PlainDate.from(text);
    return true;
  } catch {
    return false;
  }
}

/** A pattern is for machines: who described the parameter is quoted instead. */
function howToWrite(name: string, parameter: Parameter): string {
  return parameter.description === undefined
    ? `${name}=${exampleOf(parameter)}`
    : `${name}=… (${parameter.description})`;
}

function exampleOf(parameter: Parameter): string {
  if (parameter.pattern !== undefined) return parameter.pattern;
  switch (parameter.type) {
    case "string":
      return "text";
    case "integer":
      return "a number";
    case "boolean":
      return "true|false";
    case "date":
      return "YYYY-MM-DD";
    case "enum":
      return (parameter.values ?? []).join("|");
  }
}

const invalid = (code: string, message: string, wayOut: string): UserError =>
  new UserError("invalid", { code, message, wayOut });

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
