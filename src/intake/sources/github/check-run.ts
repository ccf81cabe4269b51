import { fieldsOf, firstText, instantOf, tagsOf, textOf } from "../../reading.ts";
import type { Parsed } from "../contract.ts";
import { anyMatches, beside, failureOf, ignored, refused, signals, type Told, webUrl } from "./about.ts";

/** A check of another app; those of GitHub Actions are the jobs of workflows. */
export function ofCheckRun(told: Told): Parsed {
  const check = fieldsOf(told.body, "check_run");
  const name = textOf(check["name"]);
  const app = firstText(fieldsOf(check, "app")["slug"], fieldsOf(check, "app")["name"]) ?? "an app";
  const branch = textOf(fieldsOf(check, "check_suite")["head_branch"]);
  const conclusion = textOf(check["conclusion"]) ?? "";
  const failure = failureOf(conclusion);
  if (name === undefined) return refused("a check run without name");
  if (app === "github-actions") return ignored("a check of GitHub Actions is told by its workflow run");
  if (told.action !== "completed" || (conclusion !== "success" && failure === undefined)) {
    return ignored(`a check run that is ${told.action} as ${conclusion || "nothing"} is no failure and no success`);
  }
  if (!anyMatches(told.settings.checks, name)) return ignored(`check ${name} is none of checks:`);
  const why = beside(told, branch);
  if (why !== null) return ignored(why);
  return signals({
    kind: failure === undefined ? "resolved" : "failed",
    title: `Check ${name} ${failure ?? "succeeded"} on ${branch} of ${told.repository}`,
    at: instantOf(check["completed_at"]) ?? told.delivery.receivedAt,
    asOf: instantOf(check["started_at"]),
    service: told.service,
    cause: `check ${name}`,
    condition: `${told.repository} check ${app} ${name} ${branch}`,
    rid: textOf(check["id"]),
    error: failure === undefined ? undefined : textOf(fieldsOf(check, "output")["title"]),
    url: webUrl(check["details_url"], check["html_url"]),
    tags: tagsOf({
      "github.repository": told.repository,
      "github.check": name,
      "github.app": app,
      "github.branch": branch,
      "github.sha": check["head_sha"],
    }),
  });
}
