import { parseDocument } from "yaml";
import { z } from "zod";
import { ConnectorError, type Intent } from "../contract.ts";
import { type About, readAs, UnreadableAnswer, workflowOf } from "./about.ts";

const workflow = z.object({ path: z.string(), state: z.string() });
const content = z.object({ content: z.string(), encoding: z.literal("base64") });

export const readWorkflow = async (about: About, intent: Intent) =>
  readAs(
    about,
    workflow,
    await about.api.read("GET /actions/workflows/{workflow_id}", { workflow_id: workflowOf(about, intent) }),
  );

/** Whether the workflow shows the intent key in its run's name; null when its file cannot be read. */
export async function echoes(about: About, intent: Intent): Promise<boolean | null> {
  const { api, settings } = about;
  try {
    const { path } = await readWorkflow(about, intent);
    const reply = await api.read("GET /contents/{path}", { path, ref: intent.version ?? settings.ref });
    const text = Buffer.from(readAs(about, content, reply).content, "base64").toString("utf8");
    const name: unknown = parseDocument(text).get("run-name");
    return typeof name === "string" && new RegExp(`\\binputs\\.${settings.input}(?![\\w-])`).test(name);
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    // For now it does not answer at all; anything else is an answer that does not tell.
    const away = error.kind === "retryable" || error.kind === "unavailable";
    if (away && !(error instanceof UnreadableAnswer)) throw error;
    return null;
  }
}
