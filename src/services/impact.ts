import { UserError } from "../base/errors.ts";
import { impactOf, ownedBy, shapesOf } from "../changes/contracts.ts";
import { deployedServices, listDeploys } from "../changes/deploys.store.ts";
import { suspectsOf } from "../changes/suspects.store.ts";
import type { Catalogue } from "../config/catalogue.ts";
import { namesOf } from "../config/names.ts";
import { nearest } from "../config/nearest.ts";
import type { Db } from "../store/store.ts";
import type { ChangeServices, ImpactView } from "./changes-contract.ts";
import { viewDeploy, viewSuspect } from "./deploys.ts";
import { needIncident } from "./incidents-view.ts";

export interface ChangeParts {
  readonly store: { readonly db: Db };
  readonly catalogue: Catalogue;
}

/** What was changed, and whom a change reaches. Reading needs no grant: suspects stand in the thread for all to read. */
export function createChanges({ store, catalogue }: ChangeParts): ChangeServices {
  return {
    deploys: async (_asking, { service, environment, limit }) => {
      const meant = service === undefined ? {} : { service: await serviceNamed({ store, catalogue }, service) };
      const where = environment === undefined ? {} : { environment };
      return (await listDeploys(store.db, { ...meant, ...where, limit })).map(viewDeploy);
    },
    impact: async (asking, name) => {
      if (name !== null) return impactNamed(catalogue, name);
      if (asking.incident === null) {
        throw new UserError("usage", {
          code: "usage",
          message: "Impact of what?",
          wayOut: `Name a contract${inBrackets(Object.keys(catalogue.contracts))}, or the service that owns some.`,
        });
      }
      return impactOfSuspect({ store, catalogue }, asking.incident);
    },
  };
}

function impactNamed(catalogue: Catalogue, word: string): ImpactView {
  const shapes = shapesOf(catalogue.contracts);
  const same = (one: string) => one.toLowerCase() === word.toLowerCase();
  const shape = shapes.find((one) => one === word) ?? shapes.find(same);
  if (shape !== undefined) return { about: { kind: "contract" }, contracts: [impactOf(catalogue, shape)] };
  const owners = Object.values(catalogue.contracts).map(({ owner }) => namesOf(catalogue).service(owner));
  const service = namesOf(catalogue).keyOf("service", word) ?? owners.find(same) ?? null;
  if (service !== null) {
    const owned = ownedBy(catalogue, service).map((name) => impactOf(catalogue, name));
    return { about: { kind: "service", service }, contracts: owned };
  }
  const near = nearest(word, [...shapes, ...owners]);
  throw new UserError("not_found", {
    code: "unknown_contract",
    message: `No contract "${word}".`,
    wayOut:
      near !== null
        ? `Did you mean ${near}?`
        : shapes.length === 0
          ? "The catalogue has no `contracts:` yet; `nightdesk contracts scan DIR` writes them from JSON Schemas."
          : `There is ${among(shapes)}.`,
  });
}

async function impactOfSuspect({ store, catalogue }: ChangeParts, number: number): Promise<ImpactView> {
  const incident = await needIncident(store.db, number);
  const [first] = (await suspectsOf(store.db, [incident.id])).get(incident.id) ?? [];
  if (first === undefined || first.deploy.service === null) {
    throw new UserError("not_found", {
      code: "no_suspect",
      message: `INC-${number} has no suspect: no deploy was heard of on its services or on what they depend on.`,
      wayOut: `Name a contract: \`/sync impact NAME\`. \`/sync deploys\` shows what was heard of.`,
    });
  }
  const { service, name } = viewSuspect(first);
  const owner = service ?? "";
  const contracts = ownedBy(catalogue, owner).map((one) => impactOf(catalogue, one));
  return { about: { kind: "suspect", service: owner, name, incident: number }, contracts };
}

/** A service of the catalogue, or one that only deploys name. */
async function serviceNamed({ store, catalogue }: ChangeParts, word: string): Promise<string> {
  const known = namesOf(catalogue).keyOf("service", word);
  if (known !== null) return known;
  const deployed = await deployedServices(store.db);
  const found = deployed.find((one) => one.toLowerCase() === word.toLowerCase());
  if (found !== undefined) return found;
  const names = [...new Set([...Object.keys(catalogue.services), ...deployed])];
  const near = nearest(word, names);
  throw new UserError("not_found", {
    code: "unknown_service",
    message: `No service "${word}", and no deploy of one was heard of.`,
    wayOut:
      near !== null
        ? `Did you mean ${near}?`
        : names.length === 0
          ? "The catalogue names no service yet."
          : `There is ${among(names)}.`,
  });
}

const MOST_NAMED = 8;

function among(names: readonly string[]): string {
  const more = names.length > MOST_NAMED ? `, and ${names.length - MOST_NAMED} more` : "";
  return `${names.slice(0, MOST_NAMED).join(", ")}${more}`;
}

const inBrackets = (names: readonly string[]): string => (names.length === 0 ? "" : ` (${among(names)})`);
