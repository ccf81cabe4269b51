import { type ChangeEvent, type KeyboardEvent, useRef, useState } from "react";
import { useDesk } from "./client.ts";
import { commandIn, complete, type Suggestion, suggestionsFor } from "./composer-words.ts";

interface Props {
  channel: string;
  threadTs: string | null;
  placeholder: string;
}

/** Where people type: messages, mentions, slash commands with their usage, files. */
export function Composer({ channel, threadTs, placeholder }: Props) {
  const { frame, client, attempt } = useDesk();
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const [closed, setClosed] = useState(false);
  const box = useRef<HTMLTextAreaElement>(null);
  const suggestions = closed ? [] : suggestionsFor(text, frame, threadTs !== null);
  const command = threadTs === null ? commandIn(text, frame.commands) : null;

  async function send(): Promise<void> {
    const words = text.trim();
    if (words === "") return;
    setText("");
    let known = true;
    const done = await attempt(async () => {
      if (!words.startsWith("/")) {
        await client.say({ channel, threadTs }, words);
      } else if (threadTs === null) {
        known = await client.command(channel, words);
      } else {
        const [name = "/"] = words.split(/\s/, 1);
        throw new Error(`${name} is not supported in threads. Mention @${frame.app.name.toLowerCase()} instead.`);
      }
    });
    // What was typed comes back when it could not be sent, unless something else is being typed by then.
    if (!done || !known) setText((now) => (now === "" ? words : now));
  }

  function take(suggestion: Suggestion | undefined): void {
    if (suggestion === undefined) return;
    setText(complete(text, suggestion));
    setChosen(0);
    box.current?.focus();
  }

  function onKey(event: KeyboardEvent<HTMLTextAreaElement>): void {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && suggestions.length > 0) {
      event.preventDefault();
      setChosen((chosen + step + suggestions.length) % suggestions.length);
    } else if (event.key === "Escape") {
      setClosed(true);
    } else if (event.key === "Tab" && suggestions.length > 0) {
      event.preventDefault();
      take(suggestions[chosen]);
    } else if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      const exact = suggestions.some((one) => complete(text, one).trim() === text.trim());
      if (suggestions.length > 0 && !exact) take(suggestions[chosen]);
      else void send();
    }
  }

  function onChange(event: ChangeEvent<HTMLTextAreaElement>): void {
    setText(event.target.value);
    setChosen(0);
    setClosed(false);
  }

  return (
    <div className="composer">
      {suggestions.length > 0 && (
        <div className="suggestions" role="listbox" aria-label="Suggestions">
          {suggestions.map((one, index) => (
            <button
              type="button"
              key={one.label}
              role="option"
              aria-selected={index === chosen}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => take(one)}
            >
              <b>{one.label}</b> <code>{one.hint}</code>
              <span>{one.about}</span>
            </button>
          ))}
        </div>
      )}
      {suggestions.length === 0 && command !== null && (
        <p className="usage">
          <b>{command.command}</b> <code>{command.usage}</code>
        </p>
      )}
      <div className="composer-row">
        <AttachButton channel={channel} threadTs={threadTs} text={text} sent={() => setText("")} />
        <textarea
          ref={box}
          rows={Math.min(6, text.split("\n").length)}
          value={text}
          placeholder={placeholder}
          aria-label={placeholder}
          onChange={onChange}
          onKeyDown={onKey}
        />
        <button
          type="button"
          className="send"
          aria-label="Send"
          disabled={text.trim() === ""}
          onClick={() => void send()}
        >
          ➤
        </button>
      </div>
    </div>
  );
}

function AttachButton(props: { channel: string; threadTs: string | null; text: string; sent(): void }) {
  const { client, attempt } = useDesk();
  const input = useRef<HTMLInputElement>(null);

  async function attach(event: ChangeEvent<HTMLInputElement>): Promise<void> {
    const file = event.target.files?.[0];
    if (file === undefined) return;
    const done = await attempt(() =>
      client.upload({ channel: props.channel, threadTs: props.threadTs }, file, props.text.trim()),
    );
    if (done) props.sent();
    if (input.current !== null) input.current.value = "";
  }

  return (
    <>
      <button type="button" className="attach" aria-label="Attach a file" onClick={() => input.current?.click()}>
        ＋
      </button>
      <input ref={input} type="file" hidden aria-label="File to attach" onChange={(event) => void attach(event)} />
    </>
  );
}
