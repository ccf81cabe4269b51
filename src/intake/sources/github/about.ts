import type { Catalogue } from "../../../config/catalogue.ts";
import { namesOf } from "../../../config/names.ts";
import { globMatches } from "../../../incidents/match.ts";
import { type Fields, fieldsOf, firstText, isFields, readJson, tagsOf, textOf } from "../../reading.ts";
import type { Delivery, Parsed, Signal } from "../contract.ts";
import type { GithubSettings } from "./settings.ts";

/** One event: what GitHub sent, with the repository and service that it is of. */
export interface Told {
  readonly body: Fields;
  readonly action: string;
  readonly repository: string;
  readonly service: string | undefined;
  readonly defaultBranch: string | undefined;
  readonly delivery: Delivery;
  readonly settings: GithubSettings;
  readonly catalogue: Catalogue;
}

/** The JSON itself, or in the form field that GitHub's own default content type puts it in. */
export function payloadOf(text: string): Fields | undefined {
  const json = text.startsWith("payload=") ? (new URLSearchParams(text).get("payload") ?? "") : text;
  const read = readJson(json);
  return isFields(read) ? read : undefined;
}

export function toldIn(
  body: Fields,
  by: { delivery: Delivery; settings: GithubSettings; catalogue: Catalogue },
): Told | null {
  const repository = fieldsOf(body, "repository");
  const fullName = textOf(repository["full_name"]);
  if (fullName === undefined) return null;
  return {
    ...by,
    body,
    action: textOf(body["action"]) ?? "",
    repository: fullName,
    service: serviceOf(fullName, by),
    defaultBranch: textOf(repository["default_branch"]),
  };
}

/** As the settings say, else the service that is called like the repository, else the repository's name. */
function serviceOf(fullName: string, by: { settings: GithubSettings; catalogue: Catalogue }): string {
  const named = Object.entries(by.settings.services).find(([key]) => key.toLowerCase() === fullName.toLowerCase());
  const names = namesOf(by.catalogue);
  if (named !== undefined) return names.service(named[1]);
  const own = fullName.split("/").at(-1) ?? fullName;
  return names.keyOf("service", fullName) ?? names.keyOf("service", own) ?? own;
}

export const ignored = (reason: string): Parsed => ({ kind: "ignored", reason });
export const refused = (reason: string): Parsed => ({ kind: "refused", reason });
export const signals = (...all: readonly Signal[]): Parsed => ({ kind: "signals", signals: all });

export const anyMatches = (globs: readonly string[], ...names: readonly (string | undefined)[]): boolean =>
  names.some((name) => name !== undefined && globs.some((glob) => globMatches(glob, name)));

/** Why what happened on this branch is nobody's trouble; null when it is. */
export function beside(told: Pick<Told, "settings" | "defaultBranch">, branch: string | undefined): string | null {
  if (branch === undefined) return "no branch is named";
  const { branches } = told.settings;
  if (branches !== undefined) return anyMatches(branches, branch) ? null : `branch ${branch} is none of branches:`;
  const own = told.defaultBranch === undefined ? ["main", "master"] : [told.defaultBranch];
  return own.includes(branch) ? null : `branch ${branch} is not the default branch (see branches:)`;
}

/** How an end is called that is a failure; all other conclusions but success are no news. */
const FAILURES: Readonly<Record<string, string>> = {
  failure: "failed",
  timed_out: "timed out",
  startup_failure: "could not start",
};

export const failureOf = (conclusion: string): string | undefined =>
  Object.hasOwn(FAILURES, conclusion) ? FAILURES[conclusion] : undefined;

/** A tag, or a branch that is not the default one; else the short sha. */
export function versionOf(told: Pick<Told, "defaultBranch">, ref: string | undefined, sha: string | undefined) {
  const short = sha?.slice(0, 7);
  const bare = ref?.replace(/^refs\/(heads|tags)\//, "");
  const isBranch = ref?.startsWith("refs/heads/") === true || bare === told.defaultBranch || isTrunk(bare);
  if (bare === undefined || isBranch || /^[0-9a-f]{40}$/i.test(bare)) return short ?? bare;
  return bare;
}

const isTrunk = (branch: string | undefined): boolean => branch === "main" || branch === "master";

/** Which deployment a signal tells of: read by what looks for suspects. */
export function deployTags(
  told: Told,
  deploy: {
    readonly id: string | undefined;
    readonly status: string;
    readonly ref: string | undefined;
    readonly sha: string | undefined;
    readonly by: string | undefined;
  },
): Record<string, string> {
  return tagsOf({
    "deploy.version": versionOf(told, deploy.ref, deploy.sha),
    "deploy.sha": deploy.sha,
    "deploy.ref": deploy.ref,
    "deploy.repository": told.repository,
    "deploy.id": deploy.id,
    "deploy.status": deploy.status,
    "deploy.by": deploy.by,
  });
}

/** The first that is an address of the web. */
export const webUrl = (...candidates: readonly unknown[]): string | undefined =>
  candidates.map(textOf).find((url) => url !== undefined && /^https?:\/\//.test(url));

export const loginOf = (...people: readonly Fields[]): string | undefined =>
  firstText(...people.map((person) => person["login"]));
