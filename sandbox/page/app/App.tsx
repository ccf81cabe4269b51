import { useCallback, useEffect, useMemo, useState } from "react";
import { type Directory, DirectoryContext } from "./blocks/surface.ts";
import { clientFor, type Desk, DeskContext } from "./client.ts";
import { Drills } from "./Drills.tsx";
import { Modal } from "./Modal.tsx";
import type { Frame } from "./model.ts";
import { ChannelPane, ThreadPane } from "./Panes.tsx";
import { channelAt, type Place, Sidebar } from "./Sidebar.tsx";
import { useDrills } from "./useDrills.ts";
import { type Shown, useWorkspace } from "./useWorkspace.ts";

/** The page: an address such as `#ops`, `#ops/1702307100.000100` or `#drills` opens that place. */
export function App() {
  const [viewer, setViewer] = useState<string | null>(null);
  const [place, setPlace] = useState<Place | null>(null);
  const { shown, failure } = useWorkspace(viewer, place?.kind === "channel" ? place.id : null);
  const frame = shown?.frame ?? null;

  useEffect(() => {
    if (frame === null || viewer !== null) return;
    setViewer(frame.people[0]?.id ?? "");
  }, [frame, viewer]);

  if (shown === null) return <p className="starting">{failure ?? "Opening the workspace…"}</p>;
  if (viewer === null) return null;
  return <Opened shown={shown} viewer={viewer} become={setViewer} place={place} setPlace={setPlace} />;
}

interface OpenedProps {
  shown: Shown;
  viewer: string;
  become(id: string): void;
  place: Place | null;
  setPlace(place: Place): void;
}

function Opened({ shown, viewer, become, place, setPlace }: OpenedProps) {
  const { frame } = shown;
  const [thread, setThread] = useState<string | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const drills = useDrills();
  const here = place ?? { kind: "channel", id: frame.channels[0]?.id ?? `@${viewer}` };

  const go = useCallback(
    (next: Place, ts: string | null = null): void => {
      setPlace(next);
      setThread(ts);
      setFault(null);
    },
    [setPlace],
  );

  useEffect(() => {
    const follow = (): void => {
      const target = readAddress(window.location.hash, frame, viewer);
      if (target !== null) go(target.place, target.ts);
    };
    follow();
    window.addEventListener("hashchange", follow);
    return () => window.removeEventListener("hashchange", follow);
  }, [frame, viewer, go]);

  // The address follows the reader, so that it can be reloaded, and copied.
  useEffect(() => {
    if (place !== null) window.history.replaceState(null, "", addressOf(place, thread, frame));
  }, [place, thread, frame]);

  useEffect(() => {
    if (fault === null) return;
    const timer = setTimeout(() => setFault(null), 8_000);
    return () => clearTimeout(timer);
  }, [fault]);

  const client = useMemo(() => clientFor(viewer, frame.app.name), [viewer, frame.app.name]);
  const desk: Desk = {
    frame,
    viewer,
    client,
    async attempt(act) {
      try {
        await act();
        setFault(null);
        return true;
      } catch (error) {
        setFault(error instanceof Error ? error.message : String(error));
        return false;
      }
    },
    openThread: (message) => setThread(message.threadTs ?? message.ts),
  };
  const directory = directoryOf(shown, viewer, (id) => go({ kind: "channel", id }));
  const channel = here.kind === "channel" ? channelAt(frame, here.id) : null;
  const ofChannel = channel && { channel, messages: shown.messages[channel.id] ?? [], ephemerals: shown.ephemerals };

  return (
    <DeskContext value={desk}>
      <DirectoryContext value={directory}>
        <div className={thread === null || ofChannel === null ? "desk" : "desk desk-with-thread"}>
          <Sidebar
            frame={frame}
            viewer={viewer}
            place={here}
            newIn={shown.newIn}
            connected={shown.connected}
            hasDrills={drills.list.length > 0}
            go={go}
            become={(id) => {
              // Direct messages belong to a person: the next one sees his own.
              if (here.kind === "channel" && here.id.startsWith("@")) go({ kind: "channel", id: `@${id}` });
              become(id);
            }}
          />
          {here.kind === "drills" && <Drills drills={drills} />}
          {ofChannel && <ChannelPane {...ofChannel} />}
          {ofChannel && thread !== null && <ThreadPane {...ofChannel} ts={thread} close={() => setThread(null)} />}
        </div>
        {shown.modal !== null && <Modal key={`${viewer}:${shown.modal.id}`} view={shown.modal} />}
        {fault !== null && (
          <p className="fault" role="alert">
            {fault}
            <button type="button" className="icon-button" aria-label="Dismiss" onClick={() => setFault(null)}>
              ✕
            </button>
          </p>
        )}
      </DirectoryContext>
    </DeskContext>
  );
}

function directoryOf(shown: Shown, viewer: string, openChannel: (id: string) => void): Directory {
  const { frame, aheadMs } = shown;
  const people = [...frame.people.map(({ id, realName }) => ({ id, name: realName }))];
  return {
    people: [...people, { id: frame.app.botUserId, name: frame.app.name }],
    channels: frame.channels,
    groups: frame.groups,
    zone: frame.people.find((person) => person.id === viewer)?.zone ?? "UTC",
    reader: viewer,
    now: () => (Date.now() + aheadMs) / 1000,
    openChannel,
  };
}

const ownAddress = "@app";

function addressOf(place: Place, thread: string | null, frame: Frame): string {
  if (place.kind === "drills") return "#drills";
  const name = place.id.startsWith("@") ? ownAddress : (channelAt(frame, place.id)?.name ?? "");
  return `#${encodeURIComponent(name)}${thread === null ? "" : `/${thread}`}`;
}

function readAddress(hash: string, frame: Frame, viewer: string): { place: Place; ts: string | null } | null {
  const [name = "", ts = null] = hash.replace(/^#/, "").split("/").map(decodeURIComponent);
  if (name === "drills") return { place: { kind: "drills" }, ts: null };
  if (name === ownAddress) return { place: { kind: "channel", id: `@${viewer}` }, ts };
  const channel = frame.channels.find((one) => one.name === name);
  return channel === undefined ? null : { place: { kind: "channel", id: channel.id }, ts };
}
