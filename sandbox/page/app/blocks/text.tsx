import type { Block } from "slack-blocks-to-jsx";
import { Message, type MessageProps } from "slack-blocks-to-jsx";
import { formatDateToken } from "./dates.ts";
import { Icon, isDrawnIcon, withIcons } from "./icons.tsx";
import type { TextObject } from "./model.ts";
import { type Directory, useDirectory } from "./surface.ts";

/** Blocks as the library draws them, with this workspace's names, this reader's zone and links that open a new tab. */
export function Drawn({ blocks }: { blocks: Block[] }) {
  const directory = useDirectory();
  return (
    <Message
      // The library keeps what it has parsed as long as the text is the same; another reader is another text.
      key={`${directory.reader} ${directory.zone}`}
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
  return <Drawn blocks={[{ type: "section", text: { type: "mrkdwn", text: tidyFences(text) } }]} />;
}

// Slack drops the line breaks inside the fences; the library would draw them as empty lines.
function tidyFences(text: string): string {
  return text.replace(/```\n?([\s\S]*?)\n?```/g, "```$1```");
}

export function Text({ text }: { text: TextObject }) {
  if (text.type === "mrkdwn") return <Mrkdwn text={text.text} />;
  return <>{withIcons(text.text)}</>;
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
    emoji: (data, parse) => (isDrawnIcon(data.name) ? <Icon name={data.name} /> : parse(data)),
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

/** The reactions that the menu offers, most used first. */
export const offeredReactions = ["pushpin", "eyes", "white_check_mark", "thumbsup", "rotating_light", "tada"];

/** An emoji by its name: drawn where the page has a drawing, else as this machine's font has it. */
export function Emoji({ name }: { name: string }) {
  return isDrawnIcon(name) ? <Icon name={name} /> : <Mrkdwn text={`:${name}:`} />;
}
