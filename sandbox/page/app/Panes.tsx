import { Icon } from "./blocks/icons.tsx";
import { Composer } from "./Composer.tsx";
import { useDesk } from "./client.ts";
import { Lines } from "./Lines.tsx";
import { type Channel, channelLines, type Message, threadLines } from "./model.ts";

interface Props {
  channel: Channel;
  messages: Message[];
  ephemerals: Message[];
}

export function ChannelPane({ channel, messages, ephemerals }: Props) {
  const { frame, client, attempt } = useDesk();
  const title = channel.direct ? channel.name : `#${channel.name}`;
  const lines = channelLines(
    messages,
    ephemerals.filter((one) => one.channel === channel.id),
  );
  const globals = frame.shortcuts.filter((shortcut) => shortcut.kind === "global");
  return (
    <main className="pane" aria-label={title}>
      <header className="pane-head">
        <h2>{title}</h2>
        <span className="pane-about">
          {channel.direct ? "Direct messages" : `${channel.members.length} people`}
          {!channel.direct && !channel.hasApp && ` · ${frame.app.name} is not in this channel`}
        </span>
        {globals.map((shortcut) => (
          <button
            type="button"
            className="button button-quiet"
            key={shortcut.callbackId}
            title={shortcut.description}
            onClick={() => void attempt(() => client.shortcut(shortcut, null))}
          >
            <Icon name="zap" /> {shortcut.name}
          </button>
        ))}
      </header>
      {lines.length === 0 ? <Empty channel={channel} /> : <Lines lines={lines} place={channel.id} inThread={false} />}
      {channel.archived ? (
        <p className="archived">This channel is archived.</p>
      ) : (
        <Composer key={channel.id} channel={channel.id} threadTs={null} placeholder={`Message ${title}`} />
      )}
    </main>
  );
}

function Empty({ channel }: { channel: Channel }) {
  const { frame } = useDesk();
  return (
    <div className="lines lines-empty">
      <p>Nothing here yet.</p>
      {!channel.direct && frame.commands.length > 0 && (
        <p>
          Type <code>/</code> below to see what {frame.app.name} can do.
        </p>
      )}
    </div>
  );
}

export function ThreadPane({ channel, messages, ephemerals, ts, close }: Props & { ts: string; close(): void }) {
  const lines = threadLines(
    messages,
    ephemerals.filter((one) => one.channel === channel.id),
    ts,
  );
  return (
    <aside className="pane thread" aria-label="Thread">
      <header className="pane-head">
        <h2>Thread</h2>
        <span className="pane-about">{channel.direct ? channel.name : `#${channel.name}`}</span>
        <button type="button" className="icon-button" aria-label="Close thread" onClick={close}>
          ✕
        </button>
      </header>
      {lines.length === 0 ? (
        <p className="lines lines-empty">This message was deleted.</p>
      ) : (
        <>
          <Lines lines={lines} place={ts} inThread />
          <Composer key={ts} channel={channel.id} threadTs={ts} placeholder="Reply…" />
        </>
      )}
    </aside>
  );
}
