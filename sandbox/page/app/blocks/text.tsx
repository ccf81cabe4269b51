import type { Block } from "slack-blocks-to-jsx";
import { Message, type MessageProps } from "slack-blocks-to-jsx";
import { formatDateToken } from "./dates.ts";
import type { TextObject } from "./model.ts";
import { type Directory, useDirectory } from "./surface.ts";

/** Blocks as the library draws them, with this workspace's names, this reader's zone and links that open a new tab. */
export function Drawn({ blocks }: { blocks: Block[] }) {
  const directory = useDirectory();
  return (
    <Message
      blocks={blocks}
      name=""
      logo=""
      theme="light"
      withoutWrapper
      className="drawn"
      data={{ users: directory.people, channels: directory.channels, user_groups: directory.groups }}
      hooks={hooksFor(directory)}
    />
  );
}

/** A mrkdwn string: a message without blocks, or text inside something that the library does not draw. */
export function Mrkdwn({ text }: { text: string }) {
  return <Drawn blocks={[{ type: "section", text: { type: "mrkdwn", text } }]} />;
}

export function Text({ text }: { text: TextObject }) {
  if (text.type === "mrkdwn") return <Mrkdwn text={text.text} />;
  return <>{withEmoji(text.text)}</>;
}

function hooksFor(directory: Directory): NonNullable<MessageProps["hooks"]> {
  const nameOf = (list: { id: string; name: string }[], id: string): string =>
    list.find((one) => one.id === id)?.name ?? id;
  return {
    user: ({ id }) => (
      <span className={id === directory.reader ? "mention mention-me" : "mention"}>
        @{nameOf(directory.people, id)}
      </span>
    ),
    usergroup: ({ id }) => <span className="mention">@{nameOf(directory.groups, id)}</span>,
    channel: ({ id }) => (
      <button type="button" className="mention" onClick={() => directory.openChannel(id)}>
        #{nameOf(directory.channels, id)}
      </button>
    ),
    atHere: () => <span className="mention mention-me">@here</span>,
    atChannel: () => <span className="mention mention-me">@channel</span>,
    atEveryone: () => <span className="mention mention-me">@everyone</span>,
    date: ({ timestamp, format, link, fallback }) => {
      const seconds = Number(timestamp);
      const shown = Number.isFinite(seconds)
        ? formatDateToken(seconds, format, { zone: directory.zone, now: directory.now() })
        : fallback;
      const title = `${fallback} (shown in ${directory.zone})`;
      const time = (
        <time title={title} dateTime={Number.isFinite(seconds) ? new Date(seconds * 1000).toISOString() : undefined}>
          {shown}
        </time>
      );
      return link === null ? time : <a href={link}>{time}</a>;
    },
    link: ({ href, children }) => (
      <a href={href} target="_blank" rel="noopener noreferrer">
        {children}
      </a>
    ),
  };
}

// The names that reactions and buttons here use; everything longer goes through the library's own list.
const emoji: Record<string, string> = {
  pushpin: "📌",
  eyes: "👀",
  white_check_mark: "✅",
  heavy_check_mark: "✔️",
  x: "❌",
  warning: "⚠️",
  rotating_light: "🚨",
  "+1": "👍",
  thumbsup: "👍",
  tada: "🎉",
  pray: "🙏",
  raised_hands: "🙌",
  fire: "🔥",
  hourglass_flowing_sand: "⏳",
  arrows_counterclockwise: "🔄",
  octagonal_sign: "🛑",
  red_circle: "🔴",
  large_red_square: "🟥",
  large_green_circle: "🟢",
  large_green_square: "🟩",
  large_orange_circle: "🟠",
  large_orange_square: "🟧",
  large_yellow_circle: "🟡",
  large_yellow_square: "🟨",
  lock: "🔒",
  memo: "📝",
  bell: "🔔",
  crescent_moon: "🌙",
};

/** The reactions that the menu offers, most used first. */
export const offeredReactions = ["pushpin", "eyes", "white_check_mark", "+1", "rotating_light", "tada"];

export function emojiOf(name: string): string {
  return emoji[name] ?? `:${name}:`;
}

function withEmoji(text: string): string {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name: string) => emoji[name] ?? whole);
}
