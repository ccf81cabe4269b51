import { defineCommand } from "../../src/command/command.ts";
import { deployData } from "../../src/command/data.ts";
import { environmentNamed, usage } from "../../src/command/names.ts";
import { deployLine } from "../../src/command/say-changes.ts";
import type { Catalogue } from "../../src/config/catalogue.ts";
import { namesOf } from "../../src/config/names.ts";
import type { DeployView } from "../../src/services/contract.ts";

interface Filter {
  readonly service?: string;
  readonly environment?: string;
  readonly limit: number;
}

const USUAL = 10;
const MOST = 30;

export const deploys = defineCommand<Filter, readonly DeployView[]>({
  family: "sync",
  name: "deploys",
  summary: "Show what was deployed when, newest first",
  usage: "deploys [SERVICE] [ENV] [limit=N]",
  examples: ["sync deploys", "sync deploys tcs prod"],
  hint: "As pipelines, clusters and channels told it. Those shortly before an incident are its suspects.",
  needs: null,
  takes: { options: ["limit"] },
  parse: ({ words, options }, { catalogue }) => ({
    ...serviceOrEnvironment(catalogue, words),
    limit: limitOf(options.get("limit")),
  }),
  call: (services, asking, filter) => services.changes.deploys(asking, filter),
  say: (found, _, { catalogue, now }) => ({
    tone: "info",
    text:
      found.length === 0
        ? "No deploy was heard of there yet. Pipelines tell theirs to a source of the catalogue, or in a watched channel."
        : "Deploys, newest first:",
    sections: [{ lines: found.map((deploy) => deployLine(catalogue, deploy, now)) }],
    data: { deploys: found.map(deployData) },
  }),
});

/** In any order. A last word that is no environment is one all the same when the first is a service. */
function serviceOrEnvironment(
  catalogue: Catalogue,
  words: readonly string[],
): { service?: string; environment?: string } {
  const isEnvironment = (word: string) => namesOf(catalogue).keyOf("environment", word) !== null;
  if (words.length > 2) throw usage(`"${words[2] ?? ""}" is one word too many.`, "Write `deploys tcs prod`.");
  const [first, second] = words;
  if (first === undefined) return {};
  if (second === undefined) {
    return isEnvironment(first) ? { environment: environmentNamed(catalogue, first) } : { service: first };
  }
  return isEnvironment(first) && !isEnvironment(second)
    ? { service: second, environment: environmentNamed(catalogue, first) }
    : { service: first, environment: environmentNamed(catalogue, second) };
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return USUAL;
  const limit = /^\d+$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MOST) throw usage(`"${text}" is no limit.`, `Write a number from 1 to ${MOST}.`);
  return limit;
}
