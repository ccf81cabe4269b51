import { listOf, recordOf } from "./api.ts";
import type { Block } from "./blocks/parts.ts";

/** How a message of ours is known again in Slack's own history. */

const METADATA_TYPE = "nightdesk_post";

export const metadataOf = (key: string) => ({ event_type: METADATA_TYPE, event_payload: { key } });

/** The key travels with the message twice: as metadata, and as the id of its first block, which needs no scope to read. */
export function marked(blocks: readonly Block[], key: string): Block[] {
  const [first, ...rest] = blocks;
  return first === undefined ? [] : [{ ...first, block_id: blockIdOf(key) }, ...rest];
}

const blockIdOf = (key: string): string => `nightdesk:${key}`.slice(0, 255);

export function isMine(message: Readonly<Record<string, unknown>>, key: string): boolean {
  const metadata = recordOf(message, "metadata");
  const payload = metadata === undefined ? undefined : recordOf(metadata, "event_payload");
  if (metadata?.["event_type"] === METADATA_TYPE && payload?.["key"] === key) return true;
  return listOf(message, "blocks")[0]?.["block_id"] === blockIdOf(key);
}
