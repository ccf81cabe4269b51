import { capital, dateTime, escaped, list, near } from "../../command/format.ts";
import { pinWords } from "../../command/pin-words.ts";
import { chainWords } from "../../command/say.ts";
import { mendedLines, withoutMended } from "../../command/say-mended.ts";
import { shareDone } from "../../services/runs-expected.ts";
import { clip, codeText, firstLine, nameText, saidText } from "../text.ts";
import { OVER, type Progress, type RunCard } from "./run-card.ts";

/** What a card says below its state, most urgent first: what is waited for, how far it is, what went wrong, why. */
export function detailLines(run: RunCard): string[] {
  return [
    ...waitsFor(run),
    ...howFar(run),
    ...error(run),
    ...because(run),
    ...mendedLines(run.mended),
    ...noRerun(run),
    ...(run.chain === null ? [] : [chainWords(run.chain)]),
    ...(run.pin === null ? [] : [`:pushpin: ${capital(pinWords(run.pin))}`]),
  ];
}

function waitsFor(run: RunCard): string[] {
  switch (run.state) {
    case "awaiting_approval":
      return run.approvals === null ? [] : approvalLines(run, run.approvals);
    case "deferred": {
      if (run.deferred === null) return [];
      const { by, until } = run.deferred;
      const freeze = by === null ? "A freeze" : `The freeze *${nameText(by)}*`;
      const end =
        until === null ? "until somebody ends it" : `until ${near(until, run.requestedAt)}; then ${afterFreeze(run)}`;
      return [`${freeze} holds it back ${end}.`];
    }
    case "retry_wait":
    case "starting":
    case "preparing":
    case "running":
      return retryLines(run);
    case "aborting":
      return stoppingLines(run);
    case "abort_unconfirmed":
      return [
        run.lost === null
          ? "The target is asked again every minute. No other run of it starts until its end is proved or settled."
          : "No other run of it starts until it is settled.",
      ];
    case "restoring":
      return [`What was there before is being brought back${snapshotWords(run)}. That is not interrupted.`];
    case "restore_failed":
      return [
        `Readers may see what the run left behind. Restore it again${snapshotWords(run)}, or settle it once you know.`,
      ];
    default:
      return [];
  }
}

/** Nobody is asked while a freeze holds it: people would approve what cannot start. */
function afterFreeze({ approvals }: RunCard): string {
  const open = approvals === null ? 0 : approvals.needed - approvals.given.length;
  if (approvals === null || open <= 0) return "it starts by itself";
  return `it asks for ${open} approval${open === 1 ? "" : "s"} by *${nameText(approvals.role)}*`;
}

function approvalLines(run: RunCard, approvals: NonNullable<RunCard["approvals"]>): string[] {
  const { needed, role, given, may, expiresAt } = approvals;
  const yes = given.length === 0 ? "" : ` ${list(given.map(nameText))} said yes;`;
  const who =
    may.length === 0
      ? ""
      : `: ${list(may.map(nameText)).replace(/ and (?!.* and )/, " or ")} may give ${needed - given.length === 1 ? "it" : "them"}`;
  const expires = expiresAt === null ? "" : ` Expires ${near(expiresAt, run.requestedAt)}.`;
  return [
    `Needs ${needed} approval${needed === 1 ? "" : "s"} by *${nameText(role)}*, not by who asked.${yes} ${Math.max(0, needed - given.length)} to go${who}.${expires}`,
  ];
}

function retryLines({ retry, requestedAt }: RunCard): string[] {
  if (retry === null) return [];
  const words = `retry ${retry.number} of ${retry.of} at ${near(retry.at, requestedAt)}`;
  return [retry.own ? `The target heals itself: ${words}. Wait for it.` : `*${capital(words)}*`];
}

function stoppingLines({ stopping, requestedAt }: RunCard): string[] {
  if (stopping === null) return [];
  const told = { soft: "told to stop", hard: "told to stop at once" } as const;
  const word = stopping.sent === null ? "The target is being told." : `The target was ${told[stopping.sent]}.`;
  const until =
    stopping.deadlineAt === null ? "" : ` Its proof is waited for until ${near(stopping.deadlineAt, requestedAt)}.`;
  return [`${nameText(stopping.byName)} asked at ${near(stopping.at, requestedAt)}. ${word}${until}`];
}

const snapshotWords = ({ snapshotAt, requestedAt }: RunCard): string =>
  snapshotAt === null ? "" : ` from the snapshot of ${near(snapshotAt, requestedAt)}`;

function howFar(run: RunCard): string[] {
  const counts = run.items === null ? [] : [itemsLine(run.items)];
  if (OVER.includes(run.state)) return counts;
  const progress = run.progress === null ? [] : [progressLine(run.progress)];
  return [...counts, ...progress, ...endLine(run)];
}

const BAR = 10;

function progressLine(progress: Progress): string {
  const { stage, stages, done, total, unit } = progress;
  const parts = [
    ...(stage === undefined ? [] : [stages === undefined ? `stage ${stage}` : `stage ${stage} of ${stages}`]),
    ...(done === undefined
      ? []
      : [`${number(done)}${total === undefined ? "" : ` of ${number(total)}`} ${escaped(clip(unit ?? "items", 40))}`]),
  ];
  if (parts.length === 0) return "No progress told yet";
  const share = shareDone(progress);
  const full = share === null ? 0 : Math.floor(share * BAR);
  const bar = share === null ? "" : `${"▰".repeat(full)}${"▱".repeat(BAR - full)} ${Math.floor(share * 100)} %  ·  `;
  return `${bar}${capital(parts.join(", "))}`;
}

const number = (count: number): string => count.toLocaleString("en-GB");

/** An instant never goes stale; how long it is to go is said only where progress keeps it fresh. */
function endLine({ state, left, expectedEndAt, usual, progress, startedAt }: RunCard): string[] {
  if (state !== "running" || expectedEndAt === null) return [];
  const at = near(expectedEndAt, startedAt ?? expectedEndAt);
  if (left !== null && progress !== null && shareDone(progress) !== null) return [`${capital(left)}: ends about ${at}`];
  return [`Should end about ${at}${usual === null ? "" : ` (${usual})`}`];
}

const ITEM_WORDS = ["done", "missing", "superseded", "failed", "skipped", "pending"] as const;

function itemsLine(items: Readonly<Record<string, number>>): string {
  const total = Object.values(items).reduce((sum, count) => sum + count, 0);
  const parts = ITEM_WORDS.flatMap((word) => {
    const count = items[word] ?? 0;
    return count === 0 ? [] : [`${number(count)} ${word === "pending" ? "to go" : word}`];
  });
  return `${number(total)} id${total === 1 ? "" : "s"}: ${parts.length === 0 ? "none handed over" : parts.join(", ")}`;
}

/** A refusal's reason has the error in it, and the way out. */
const error = ({ error: said, state }: RunCard): string[] =>
  said === null || state === "refused" ? [] : [`Error: ${codeText(firstLine(said), 300)}`];

/** Why it is so; left out where it says nothing that the card does not. */
function because(run: RunCard): string[] {
  if (run.because === null || run.state === "preparing" || run.state === "starting") return [];
  if (run.state === "aborting" && run.stopping !== null) return [];
  if (run.state !== "refused" && run.error !== null && run.because.includes(firstLine(run.error).slice(0, 100)))
    return [];
  const unsaid = withoutMended(
    withoutState(withoutAsker(withoutFreeze(withoutApprovals(run.because, run), run.deferred), run), run),
    run,
  );
  return unsaid === "" ? [] : [saidText(clip(capital(unsaid), 900))];
}

/** Who may approve is a line of the card already. */
function withoutApprovals(because: string, { state, approvals }: RunCard): string {
  if (state !== "awaiting_approval" || approvals === null) return because;
  const from = because.lastIndexOf(`. It needs ${approvals.needed} approval`);
  return from === -1 ? because : because.slice(0, from);
}

/** The freeze's name and end are too; why there is one is not. */
function withoutFreeze(because: string, deferred: RunCard["deferred"]): string {
  const by = deferred?.by ?? null;
  const from = by === null ? -1 : because.lastIndexOf(`${by} `);
  const end = because.indexOf(": ", from);
  if (from === -1 || end === -1) return because;
  return because.slice(0, from) + capital(because.slice(end + 2));
}

/** The small print has who asked. */
function withoutAsker(because: string, { byName }: RunCard): string {
  const asked = `${byName} asked for it`;
  if (because === asked) return "";
  return because.startsWith(`${asked}. `) ? because.slice(asked.length + 2) : because;
}

/** The words of these states begin or end with it. */
function withoutState(because: string, { state }: RunCard): string {
  return OVER.includes(state) ? because.replace(/^Nothing was started: |\. Nothing was started\.?$/g, "") : because;
}

function noRerun(run: RunCard): string[] {
  if (run.noRerun === null || !OVER.includes(run.state)) return [];
  return [
    `:warning: *Rerun is not offered:* ${saidText(clip(run.noRerun, 400))}. \`/sync rerun run ${run.number}\` still does it.`,
  ];
}

/** Who, when, with what: what is looked up, not what is acted upon. */
export function smallPrint(run: RunCard): string[] {
  const given = Object.entries(run.parameters).map(([name, value]) => `${name}=${String(value)}`);
  const cannot = run.cannotStop && !OVER.includes(run.state) && run.because?.includes("cannot be stopped") !== true;
  const approved = run.approvals !== null && run.state !== "awaiting_approval" ? run.approvals.given : [];
  const parts = [
    `asked by ${nameText(run.byName)} ${dateTime(run.requestedAt)}`,
    ...(approved.length === 0 ? [] : [`approved by ${list(approved.map(nameText))}`]),
    ...(cannot ? ["cannot be stopped from here"] : []),
    ...(run.startedAt === null ? [] : [`started ${near(run.startedAt, run.requestedAt)}`]),
    ...(run.finishedAt === null ? [] : [`ended ${near(run.finishedAt, run.requestedAt)}`]),
    ...(run.version === null ? [] : [`version ${nameText(run.version)}`]),
    ...(given.length === 0 ? [] : [escaped(clip(given.join(" "), 200))]),
    ...(run.attempt > 1 ? [`attempt ${run.attempt}`] : []),
    ...(run.parent === null
      ? []
      : [`${run.kind === "restore" ? "brings back what was before" : "follows"} run ${run.parent}`]),
    ...(run.incident === null ? [] : [`belongs to INC-${run.incident}`]),
    ...(run.snapshotAt === null ? [] : [`snapshot of ${near(run.snapshotAt, run.requestedAt)} kept`]),
    ...(run.logUrl === null ? [] : [logLink(run.logUrl)]),
  ];
  return [parts.join("  ·  "), ...(run.displaced === null ? [] : [`:warning: ${saidText(clip(run.displaced, 300))}`])];
}

/** A link only to what is one: a target's word is no markup. */
const logLink = (url: string): string =>
  /^https?:\/\/[^\s<>|]{1,1000}$/.test(url)
    ? `<${url.replaceAll("&", "&amp;")}|log>`
    : `log: ${escaped(clip(url, 200))}`;
