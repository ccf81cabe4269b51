import { createHash, randomUUID } from "node:crypto";

export interface Message {
  readonly id: string;
  readonly sequence: string;
  readonly body: string;
  readonly group: string;
  readonly dedupId: string;
  readonly sentAt: number;
  readonly attributes: unknown;
  /** Not to be received before. */
  visibleAt: number;
  receives: number;
  firstReceivedAt: number | null;
  handle: string | null;
  /** Deleted, or moved to the dead letters. */
  gone: boolean;
}

export interface Sent {
  readonly body: string;
  readonly group: string;
  readonly dedupId: string;
  readonly sentAt: number;
  readonly attributes?: unknown;
}

const DEDUP_MS = 5 * 60_000;
/** So many dead entries at the head are swept away at once. */
const SWEEP_AT = 4_096;

/** A FIFO queue: order and one at a time within a group, one message a deduplication id within five minutes. */
export function openQueue(around: {
  name: string;
  now: () => number /** null: for ever. */;
  retentionMs: (() => number) | null;
}) {
  const { name, now } = around;
  let messages: Message[] = [];
  let head = 0;
  let waiting = 0;
  let sequence = 18_850_000_000_000_000_000n;
  const recent = new Map<string, Message>();
  const counts = { accepted: 0, deduplicated: 0 };

  function add(sent: Sent): { message: Message; isNew: boolean } {
    const known = recent.get(sent.dedupId);
    if (known !== undefined && sent.sentAt - known.sentAt < DEDUP_MS) {
      counts.deduplicated++;
      return { message: known, isNew: false };
    }
    sequence += 256n;
    const message: Message = {
      id: randomUUID(),
      sequence: String(sequence),
      attributes: {},
      ...sent,
      visibleAt: sent.sentAt,
      receives: 0,
      firstReceivedAt: null,
      handle: null,
      gone: false,
    };
    messages.push(message);
    waiting++;
    counts.accepted++;
    recent.delete(sent.dedupId);
    recent.set(sent.dedupId, message);
    return { message, isNew: true };
  }

  function remove(message: Message): void {
    if (message.gone) return;
    message.gone = true;
    waiting--;
  }

  /** Moves past what is gone: the head of 64,000 is found at once. */
  function sweep(): void {
    while (head < messages.length && messages[head]?.gone === true) head++;
    if (head >= SWEEP_AT) {
      messages = messages.slice(head);
      head = 0;
    }
  }

  /** What is there still, oldest first; what is too old is forgotten on the way. */
  function* here(): Generator<Message> {
    sweep();
    const oldest = around.retentionMs === null ? Number.NEGATIVE_INFINITY : now() - around.retentionMs();
    for (let at = head; at < messages.length; at++) {
      const message = messages[at];
      if (message === undefined || message.gone) continue;
      if (message.sentAt > oldest) yield message;
      else remove(message);
    }
  }

  return {
    name,
    add,
    remove,
    counts,
    /** The oldest one that nobody holds, whatever else its group waits for; null when there is none. */
    first: (): Message | null => {
      for (const message of here()) if (message.visibleAt <= now()) return message;
      return null;
    },
    /** Those of a group stay hidden while one of it was received before and not deleted. */
    receive: (most: number, hiddenMs: number): Message[] => {
      const received: Message[] = [];
      const held = new Set<string>();
      for (const message of here()) {
        if (received.length === most) break;
        if (message.visibleAt > now()) held.add(message.group);
        else if (!held.has(message.group)) received.push(message);
      }
      for (const message of received) {
        message.receives++;
        message.firstReceivedAt ??= now();
        message.visibleAt = now() + hiddenMs;
        message.handle = `${message.id}#${message.receives}`;
      }
      return received;
    },
    byHandle: (handle: string): Message | null => {
      const id = handle.split("#")[0];
      return messages.find((message) => message.id === id) ?? null;
    },
    size: () => (around.retentionMs === null ? waiting : [...here()].length),
    hidden: () => [...here()].filter((message) => message.visibleAt > now()).length,
  };
}

export type Queue = ReturnType<typeof openQueue>;

export const md5 = (text: string): string => createHash("md5").update(text).digest("hex");
