import { z } from "zod";
import { ConnectorError, type Intent } from "../contract.ts";
import { type About, readAs, runsOf } from "./about.ts";
import { statusOf } from "./api.ts";

const commit = z.object({ sha: z.string() });
const tags = z.array(z.object({ name: z.string(), commit }));

/** The commit that a branch, a tag or a sha names; null when there is none. */
export async function commitOf(about: About, ref: string): Promise<string | null> {
  try {
    return readAs(about, commit, await about.api.read("GET /commits/{ref}", { ref })).sha;
  } catch (error) {
    const status = statusOf(error);
    if (status === 404 || status === 422) return null;
    throw error;
  }
}

/** GitHub starts a branch or a tag and no bare commit: one that has a tag is started by its tag. */
export async function resolveVersion(about: About, intent: Intent, wanted: string) {
  if (wanted === "previous") return previous(about, intent);
  const { repository } = about.settings;
  const sha = wanted === "" ? null : await commitOf(about, wanted);
  if (sha === null) throw new ConnectorError("invalid", `${repository} has no ${wanted || "version without a name"}`);
  const isCommit = /^[0-9a-f]{7,40}$/.test(wanted) && sha.startsWith(wanted);
  const version = isCommit ? await tagOf(about, sha) : wanted;
  if (version === undefined) {
    throw new ConnectorError(
      "invalid",
      `${wanted} is a commit without a tag, and GitHub starts branches and tags only`,
    );
  }
  return { version, evidence: `${version} is commit ${sha.slice(0, 7)} of ${repository}` };
}

async function tagOf(about: About, sha: string): Promise<string | undefined> {
  const all = readAs(about, tags, await about.api.read("GET /tags", { per_page: 100 }));
  return all.find((tag) => tag.commit.sha === sha)?.name;
}

/** The branch or tag of the newest success that ran something else than what runs now. */
async function previous(about: About, intent: Intent) {
  const { repository, ref } = about.settings;
  const now = await commitOf(about, ref);
  const { runs } = await runsOf(about, intent, { pages: 1, filter: { status: "success" } });
  const found = runs.find((run) => run.head_branch !== ref && run.head_sha !== now);
  if (found?.head_branch === undefined || found.head_branch === null) {
    throw new ConnectorError("invalid", `no run of another branch or tag than ${ref} has succeeded in ${repository}`);
  }
  const evidence = `${found.head_branch} (commit ${found.head_sha.slice(0, 7)}) ran well in run ${found.id}`;
  return { version: found.head_branch, evidence };
}
