import { useState } from "react";
import { Blocks } from "./blocks/Blocks.tsx";
import { formatDateToken } from "./blocks/dates.ts";
import { Icon } from "./blocks/icons.tsx";
import { useDirectory } from "./blocks/surface.ts";
import { Emoji, Mrkdwn } from "./blocks/text.tsx";
import { useDesk } from "./client.ts";
import { EditBox } from "./EditBox.tsx";
import { MessageSurface } from "./MessageSurface.tsx";
import { MessageTools } from "./MessageTools.tsx";
import { type Message, secondsOf } from "./model.ts";
import { Avatar } from "./people.tsx";

interface Props {
  message: Message;
  /** The line before is by the same author and near in time: no head of its own. */
  follows: boolean;
  inThread: boolean;
}

/** One message, with everything that a reader can do to it. */
export function MessageLine({ message, follows, inThread }: Props) {
  const [editing, setEditing] = useState(false);
  const kind = message.ephemeral === null ? "" : " message-only-for-you";
  return (
    <article className={`message${kind}${follows ? " message-follows" : ""}`} data-ts={message.ts}>
      {message.ephemeral !== null && (
        <p className="only-for-you">
          <Icon name="eye" /> Only visible to you
        </p>
      )}
      {message.pinned && (
        <p className="only-for-you">
          <Icon name="pushpin" /> Pinned
        </p>
      )}
      <div className="message-row">
        <div className="message-side">
          {follows ? <TimeOf ts={message.ts} faint /> : <Avatar {...message.author} />}
        </div>
        <div className="message-body">
          {!follows && <MessageHead message={message} />}
          {editing ? (
            <EditBox message={message} done={() => setEditing(false)} />
          ) : (
            <MessageContent message={message} />
          )}
          <Reactions message={message} />
          {!inThread && message.replies.length > 0 && <Replies message={message} />}
        </div>
      </div>
      {!editing && <MessageTools message={message} inThread={inThread} edit={() => setEditing(true)} />}
    </article>
  );
}

function MessageHead({ message }: { message: Message }) {
  return (
    <p className="message-head">
      <b>{message.author.name}</b>
      {message.author.kind !== "person" && <span className="app-badge">APP</span>}
      <TimeOf ts={message.ts} />
    </p>
  );
}

/** The time alone; the day is told by the dividers, and by the title. */
function TimeOf({ ts, faint }: { ts: string; faint?: boolean }) {
  const { zone, now } = useDirectory();
  const reader = { zone, now: now() };
  const seconds = secondsOf(ts);
  return (
    <time
      className={faint === true ? "time time-faint" : "time"}
      title={`${formatDateToken(seconds, "{date_long}, {time_secs}", reader)} (${zone})`}
    >
      {formatDateToken(seconds, "{time}", reader)}
    </time>
  );
}

function MessageContent({ message }: { message: Message }) {
  return (
    <MessageSurface message={message}>
      {message.blocks.length > 0 ? (
        <Blocks blocks={message.blocks} />
      ) : (
        message.text !== "" && <Mrkdwn text={message.text} />
      )}
      {message.attachments.map((attachment, index) => (
        <div
          // An attachment has no id of its own, and its place never changes within one version of the message.
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          key={index}
          className="attachment"
          style={{ borderLeftColor: colorOf(attachment.color) }}
        >
          {attachment.title !== null && <b>{attachment.title}</b>}
          {attachment.text !== null && attachment.text !== "" && <Mrkdwn text={attachment.text} />}
          <Blocks blocks={attachment.blocks} />
        </div>
      ))}
      {message.files.map((file) => (
        <a key={file.id} className="file" href={file.url} target="_blank" rel="noopener noreferrer">
          <Icon name="page_facing_up" />
          <b>{file.name}</b>
          <small>{sizeLabel(file.size)}</small>
        </a>
      ))}
      {message.edited && <span className="edited"> (edited)</span>}
    </MessageSurface>
  );
}

function colorOf(color: string | null): string {
  const named: Record<string, string> = { good: "#2f8f5b", warning: "#d9930d", danger: "#c93a3a" };
  if (color === null) return "#d5d8df";
  return named[color] ?? (/^#?[0-9a-f]{6}$/i.test(color) ? `#${color.replace("#", "")}` : "#d5d8df");
}

function sizeLabel(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} kB`;
}

function Reactions({ message }: { message: Message }) {
  const { viewer, client, attempt, frame } = useDesk();
  const nameOf = (id: string): string => frame.people.find((person) => person.id === id)?.realName ?? "the app";
  if (message.reactions.length === 0) return null;
  return (
    <div className="reactions">
      {message.reactions.map(({ name, users }) => {
        const mine = users.includes(viewer);
        return (
          <button
            type="button"
            key={name}
            className="reaction"
            aria-pressed={mine}
            aria-label={`${name}, ${users.length}`}
            title={`${users.map(nameOf).join(", ")} reacted with :${name}:`}
            onClick={() => void attempt(() => client.react(message, name, !mine))}
          >
            <Emoji name={name} /> {users.length}
          </button>
        );
      })}
    </div>
  );
}

function Replies({ message }: { message: Message }) {
  const { openThread } = useDesk();
  const { zone, now } = useDirectory();
  const count = message.replies.length;
  const last = message.replies.at(-1);
  if (last === undefined) return null;
  return (
    <button type="button" className="replies" onClick={() => openThread(message)}>
      <b>
        {count} {count === 1 ? "reply" : "replies"}
      </b>
      <span>Last {formatDateToken(secondsOf(last.ts), "{date_short_pretty} at {time}", { zone, now: now() })}</span>
    </button>
  );
}
