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

  const readChannel = useCallback(async (channel: string, now: Frame): Promise<void> => {
    const roots = await twin.messages(channel);
    setMessages((held) => ({ ...held, [channel]: roots.map((root) => readRoot(root, channel, now)) }));
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
      if (touched.fresh.some((id) => id !== place)) {
        setNewIn((held) => new Set([...held, ...touched.fresh.filter((id) => id !== place)]));
      }
      const work = [...touched.channels].map((channel) => readChannel(channel, now));
      if (user !== null && touched.own) work.push(readOwn(user, now));
      await Promise.all(work);
    }

    function onChange(change: Change): void {
      setAheadMs(change.at - Date.now());
      pending.push(change);
      timer ??= setTimeout(() => void catchUp().catch(fail), quietMs);
    }

    const fail = (error: unknown): void => setFailure(error instanceof Error ? error.message : String(error));

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
  }, [readChannel, readOwn]);

  useEffect(() => {
    if (viewer === null || frame === null) return;
    setEphemerals([]);
    setModal(null);
    // A person whom the app never wrote to has no direct messages: nothing to show, and no fault.
    void readChannel(`@${viewer}`, frame).catch(() => undefined);
    void readOwn(viewer, frame);
  }, [viewer, frame, readChannel, readOwn]);

  useEffect(() => {
    setNewIn((held) => new Set([...held].filter((id) => id !== open && id !== viewer)));
  }, [open, viewer]);

  const shown: Shown | null = frame === null ? null : { frame, messages, ephemerals, modal, newIn, connected, aheadMs };
  return { shown, failure };
}

/** What to read again after these changes: channels, whether the viewer's own things, and what is new to whom. */
function touchedBy(changes: Change[], frame: Frame, viewer: string | null) {
  const known = new Set(frame.channels.map((channel) => channel.id));
  const channels = new Set<string>();
  const fresh: string[] = [];
  let own = false;
  for (const change of changes) {
    if (change.kind === "ephemeral" || change.kind === "ephemeral_deleted" || change.kind === "modal") {
      if (change.user === viewer) own = true;
      else if (change.user !== undefined && change.kind !== "ephemeral_deleted") fresh.push(change.user);
      if (change.user === viewer && change.kind === "ephemeral" && change.channel !== undefined) {
        fresh.push(change.channel);
      }
    } else if (change.channel !== undefined) {
      const channel = known.has(change.channel) ? change.channel : viewer === null ? null : `@${viewer}`;
      if (channel === null) continue;
      channels.add(channel);
      if (change.kind === "message" && change.user !== viewer) fresh.push(channel);
    }
  }
  return { channels, own, fresh };
}
