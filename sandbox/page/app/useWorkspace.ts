import { useCallback, useEffect, useRef, useState } from "react";
import type { Change } from "../../workspace/contract.ts";
import type { Frame, Message, View } from "./model.ts";
import { readEphemeral, readFrame, readRoot, readView } from "./read.ts";
import { twin, watchChanges } from "./twin.ts";

export interface Shown {
  frame: Frame;
  /** By the channel's id, or `@<person's id>` for direct messages. */
  messages: Record<string, Message[]>;
  /** What the viewer alone sees. */
  ephemerals: Message[];
  modal: View | null;
  /** Channels and people with something that the viewer has not looked at. */
  newIn: ReadonlySet<string>;
  connected: boolean;
  /** Milliseconds that the workspace's clock is ahead of this machine's. */
  aheadMs: number;
}

const quietMs = 25;

/**
 * Everything on show for `viewer`, kept current by the workspace's stream. A change only names what to read again, so
 * bursts are gathered for a moment and each thing is read once.
 */
export function useWorkspace(viewer: string | null, open: string | null) {
  const [frame, setFrame] = useState<Frame | null>(null);
  const [messages, setMessages] = useState<Record<string, Message[]>>({});
  const [ephemerals, setEphemerals] = useState<Message[]>([]);
  const [modal, setModal] = useState<View | null>(null);
  const [newIn, setNewIn] = useState<ReadonlySet<string>>(new Set());
  const [connected, setConnected] = useState(false);
  const [aheadMs, setAheadMs] = useState(0);
  const [failure, setFailure] = useState<string | null>(null);
  const current = useRef({ viewer, open, frame });
  current.current = { viewer, open, frame };

  const fail = useCallback(
    (error: unknown): void => setFailure(error instanceof Error ? error.message : String(error)),
    [],
  );

  const readChannel = useCallback(async (channel: string, now: Frame): Promise<Message[]> => {
    const roots = (await twin.messages(channel)).map((root) => readRoot(root, channel, now));
    setMessages((held) => ({ ...held, [channel]: roots }));
    return roots;
  }, []);

  const readOwn = useCallback(async (user: string, now: Frame): Promise<void> => {
    const [alone, view] = await Promise.all([twin.ephemerals(user), twin.modal(user)]);
    if (current.current.viewer !== user) return;
    const known = new Set(now.channels.map((channel) => channel.id));
    setEphemerals(alone.map((one) => readEphemeral(one, known.has(one.channel) ? one.channel : `@${user}`, now)));
    setModal(view === null ? null : readView(view));
  }, []);

  useEffect(() => {
    let stop = (): void => undefined;
    let closed = false;
    const pending: Change[] = [];
    let timer: ReturnType<typeof setTimeout> | null = null;

    async function catchUp(): Promise<void> {
      timer = null;
      const changes = pending.splice(0);
      let now = current.current.frame;
      if (changes.some((change) => change.kind === "channel" || change.kind === "switch") || now === null) {
        now = readFrame(await twin.workspace());
        setFrame(now);
      }
      const { viewer: user, open: place } = current.current;
      const touched = touchedBy(changes, now, user);
      const tell = (fresh: string[]): void => {
        const news = fresh.filter((id) => id !== place);
        if (news.length > 0) setNewIn((held) => new Set([...held, ...news]));
      };
      tell(touched.fresh);
      const work: Promise<unknown>[] = [...touched.channels].map((channel) => readChannel(channel, now));
      if (user !== null && touched.own) work.push(readOwn(user, now));
      if (user !== null && touched.direct.length > 0) {
        // Somebody's direct messages; only reading this person's tells whether they are his.
        const known = (await readChannel(`@${user}`, now)).flatMap((root) => [
          root.ts,
          ...root.replies.map((one) => one.ts),
        ]);
        if (touched.direct.some((change) => isNews(change, user) && known.includes(change.ts ?? "")))
          tell([`@${user}`]);
      }
      await Promise.all(work);
    }

    function onChange(change: Change): void {
      setAheadMs(change.at - Date.now());
      pending.push(change);
      timer ??= setTimeout(() => void catchUp().catch(fail), quietMs);
    }

    async function begin(): Promise<void> {
      const shown = await twin.workspace();
      const first = readFrame(shown);
      if (closed) return;
      setFrame(first);
      stop = watchChanges(shown.seq, onChange, setConnected);
      await Promise.all(first.channels.map((channel) => readChannel(channel.id, first)));
    }

    begin().catch(fail);
    return () => {
      closed = true;
      stop();
      if (timer !== null) clearTimeout(timer);
    };
  }, [readChannel, readOwn, fail]);

  // What one person alone sees is gone at once for the next one.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a change of person empties it
  useEffect(() => {
    setEphemerals([]);
    setModal(null);
  }, [viewer]);

  useEffect(() => {
    if (viewer === null || frame === null) return;
    readOwn(viewer, frame).catch(fail);
  }, [viewer, frame, readOwn, fail]);

  useEffect(() => {
    // Reading them opens them in the workspace, so they are read when somebody looks.
    if (frame !== null && open?.startsWith("@")) readChannel(open, frame).catch(fail);
  }, [open, frame, readChannel, fail]);

  useEffect(() => {
    setNewIn((held) => new Set([...held].filter((id) => id !== open && id !== viewer)));
  }, [open, viewer]);

  const shown: Shown | null = frame === null ? null : { frame, messages, ephemerals, modal, newIn, connected, aheadMs };
  return { shown, failure };
}

interface Touched {
  channels: Set<string>;
  /** Changes in channels that are nobody's but one person's. */
  direct: Change[];
  own: boolean;
  /** Channels and people with something new. */
  fresh: string[];
}

/** What to read again after these changes. */
function touchedBy(changes: Change[], frame: Frame, viewer: string | null): Touched {
  const known = new Set(frame.channels.map((channel) => channel.id));
  const touched: Touched = { channels: new Set(), direct: [], own: false, fresh: [] };
  for (const change of changes) {
    const { kind, user, channel } = change;
    if (kind === "ephemeral" || kind === "ephemeral_deleted" || kind === "modal") {
      if (user === viewer) touched.own = true;
      else if (user !== undefined && kind !== "ephemeral_deleted") touched.fresh.push(user);
      if (user === viewer && kind === "ephemeral" && channel !== undefined) touched.fresh.push(channel);
    } else if (channel !== undefined && !known.has(channel)) {
      touched.direct.push(change);
    } else if (channel !== undefined) {
      touched.channels.add(channel);
      if (isNews(change, viewer)) touched.fresh.push(channel);
    }
  }
  return touched;
}

function isNews(change: Change, viewer: string | null): boolean {
  return change.kind === "message" && change.user !== viewer;
}
