import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export interface Bundle {
  script: Uint8Array;
  style: Uint8Array;
}

/** The page's script and style sheet, built in memory: type stripping knows no JSX, and the repository keeps no build output. */
export async function bundlePage(): Promise<Bundle> {
  const entry = (file: string): string => fileURLToPath(new URL(`app/${file}`, import.meta.url));
  const result = await build({
    entryPoints: { page: entry("main.tsx"), look: entry("page.css") },
    outdir: "/",
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "silent",
  });
  const named = (name: string): Uint8Array => {
    const found = result.outputFiles.find((file) => file.path.endsWith(name));
    if (found === undefined) throw new Error(`The page's bundle has no ${name}.`);
    return found.contents;
  };
  return { script: named("page.js"), style: named("look.css") };
}
