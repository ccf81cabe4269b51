import { Icon } from "./blocks/icons.tsx";
import type { Channel, Frame } from "./model.ts";
import { PersonSwitch } from "./people.tsx";

export type Place = { kind: "channel"; id: string } | { kind: "drills" };

interface Props {
  frame: Frame;
  viewer: string;
  place: Place;
  newIn: ReadonlySet<string>;
  connected: boolean;
  hasDrills: boolean;
  go(place: Place): void;
  become(id: string): void;
}

export function Sidebar({ frame, viewer, place, newIn, connected, hasDrills, go, become }: Props) {
  const here = (id: string): boolean => place.kind === "channel" && place.id === id;
  const open = frame.channels.filter((channel) => !channel.private || channel.members.includes(viewer));
  return (
    <nav className="sidebar" aria-label="Workspace">
      <header>
        <h1>{frame.team}</h1>
        <span
          className={connected ? "live" : "live live-lost"}
          role="status"
          title={connected ? "Live" : "Connecting again…"}
        />
      </header>
      <section aria-label="Channels">
        <h2>Channels</h2>
        <ul>
          {open.map((channel) => (
            <li key={channel.id}>
              <button
                type="button"
                className={newIn.has(channel.id) ? "place place-new" : "place"}
                aria-current={here(channel.id) ? "page" : undefined}
                onClick={() => go({ kind: "channel", id: channel.id })}
              >
                <span className="hash">{channel.private ? <Icon name="lock" /> : "#"}</span> {channel.name}
              </button>
            </li>
          ))}
        </ul>
      </section>
      <section aria-label="Direct messages">
        <h2>Apps</h2>
        <button
          type="button"
          className={newIn.has(`@${viewer}`) ? "place place-new" : "place"}
          aria-current={here(`@${viewer}`) ? "page" : undefined}
          onClick={() => go({ kind: "channel", id: `@${viewer}` })}
        >
          <span className="hash">☾</span> {frame.app.name}
        </button>
      </section>
      {hasDrills && (
        <section aria-label="Drills">
          <h2>Try it</h2>
          <button
            type="button"
            className="place"
            aria-current={place.kind === "drills" ? "page" : undefined}
            onClick={() => go({ kind: "drills" })}
          >
            <span className="hash">▶</span> Drills
          </button>
        </section>
      )}
      <PersonSwitch people={frame.people} viewer={viewer} waiting={newIn} choose={become} />
    </nav>
  );
}

/** The channel at `id`, the reader's direct messages with the app included. */
export function channelAt(frame: Frame, id: string): Channel | null {
  const found = frame.channels.find((channel) => channel.id === id);
  if (found !== undefined) return found;
  if (!id.startsWith("@")) return null;
  const { name } = frame.app;
  return { id, name, direct: true, private: true, archived: false, hasApp: true, members: [id.slice(1)] };
}
