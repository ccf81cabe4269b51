import type { Intent } from "../contract.ts";

/** What a template of the catalogue may name: `${target.name}` and `${parameter.<its name>}`. */
export type Values = Readonly<Record<string, string>>;

export function valuesOf(intent: Pick<Intent, "name"> & Partial<Pick<Intent, "parameters">>): Values {
  const parameters = Object.entries(intent.parameters ?? {}).map(([key, value]) => [`parameter.${key}`, String(value)]);
  return { "target.name": intent.name, ...Object.fromEntries(parameters) };
}

/** Null when the template names a parameter that was not given. Any other name stays as it is written. */
export function filled(template: string, values: Values): string | null {
  let whole = true;
  const text = template.replace(/\$\{((?:target|parameter)\.[\w.-]+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) whole = false;
    return value ?? "";
  });
  return whole ? text : null;
}

/** Names of a target never hang on a parameter that may be left out. */
export const filledName = (template: string, intent: Pick<Intent, "name">): string =>
  template.replaceAll("${target.name}", intent.name);

/** The parameters that a list of templates needs and the intent does not give. */
export function missingIn(templates: readonly string[], values: Values): string[] {
  const named = templates.flatMap((one) => [...one.matchAll(/\$\{parameter\.([\w.-]+)\}/g)].map(([, name]) => name));
  return [...new Set(named)].flatMap((name) =>
    name === undefined || Object.hasOwn(values, `parameter.${name}`) ? [] : [name],
  );
}
