/**
 * The value at a dotted path of a JSON document (`alert.0.name`); undefined when there is none. A key that itself has
 * dots is found whole first.
 */
export function fieldAt(document: unknown, path: string): unknown {
  if (typeof document !== "object" || document === null) return undefined;
  if (Object.hasOwn(document, path)) return Object.entries(document).find(([key]) => key === path)?.[1];
  const dot = path.indexOf(".");
  if (dot < 0) return undefined;
  return fieldAt(fieldAt(document, path.slice(0, dot)), path.slice(dot + 1));
}

/** A JSON document, or undefined when the text is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Fills `${target.name}` and the like; `encode` for paths of a URL. A name without a value stays as it is written. */
export function fill(template: string, values: Readonly<Record<string, string>>, encode = false): string {
  return template.replace(/\$\{([a-z.]+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : encode ? encodeURIComponent(value) : value;
  });
}

/** Names in a list of strings, of `{name}` objects, or in one comma-separated string. */
export function namesOf(value: unknown): string[] {
  if (typeof value === "string") return value.split(",").map((name) => name.trim());
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    if (typeof item === "string") return [item];
    const name = fieldAt(item, "name");
    return typeof name === "string" ? [name] : [];
  });
}
