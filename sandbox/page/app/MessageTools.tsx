import { useEffect, useRef, useState } from "react";
import { ConfirmDialog } from "./blocks/ConfirmDialog.tsx";
import { Icon } from "./blocks/icons.tsx";
import { Emoji, offeredReactions } from "./blocks/text.tsx";
import { useDesk } from "./client.ts";
import type { Message } from "./model.ts";

type Open = "none" | "reactions" | "menu" | "delete";

const deleteWords = {
  title: { type: "plain_text", text: "Delete message" },
  text: { type: "plain_text", text: "Are you sure you want to delete this message? This cannot be undone." },
  confirm: { type: "plain_text", text: "Delete" },
  deny: { type: "plain_text", text: "Cancel" },
  style: "danger",
};

/** The bar that shows when the pointer is on a message: react, reply, and the rest behind three dots. */
export function MessageTools({ message, inThread, edit }: { message: Message; inThread: boolean; edit(): void }) {
  const { frame, viewer, client, attempt, openThread } = useDesk();
  const [open, setOpen] = useState<Open>("none");
  const bar = useRef<HTMLDivElement>(null);
  const [up, setUp] = useState(false);

  useEffect(() => {
    if (open !== "menu" && open !== "reactions") return;
    const outside = (event: Event): void => {
      if (event.target instanceof Node && bar.current?.contains(event.target) !== true) setOpen("none");
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);

  // Slack gives an ephemeral message no menu: it can neither be answered nor reacted to.
  if (message.ephemeral !== null) return null;
  // A menu near the lower edge would end outside of the list.
  const toggle = (what: "menu" | "reactions"): void => {
    setUp((bar.current?.getBoundingClientRect().bottom ?? 0) > window.innerHeight * 0.6);
    setOpen(open === what ? "none" : what);
  };
  const own = message.author.id === viewer;
  const shortcuts = frame.shortcuts.filter((shortcut) => shortcut.kind === "message");
  const act = (work: () => Promise<void>): void => {
    setOpen("none");
    void attempt(work);
  };
  const toggleReaction = (name: string): void => {
    const mine = message.reactions.some((one) => one.name === name && one.users.includes(viewer));
    act(() => client.react(message, name, !mine));
  };

  return (
    <div className={open === "none" ? "tools" : "tools tools-open"} ref={bar}>
      <button
        type="button"
        title="Mark as key"
        aria-label="React with pushpin"
        onClick={() => toggleReaction("pushpin")}
      >
        <Icon name="pushpin" />
      </button>
      <button type="button" title="Add reaction" aria-label="Add reaction" onClick={() => toggle("reactions")}>
        <Icon name="smile" />
      </button>
      {!inThread && (
        <button type="button" title="Reply in thread" aria-label="Reply in thread" onClick={() => openThread(message)}>
          <Icon name="speech_balloon" />
        </button>
      )}
      <button type="button" title="More actions" aria-label="More actions" onClick={() => toggle("menu")}>
        ⋯
      </button>
      {open === "reactions" && (
        <div className={up ? "menu menu-reactions menu-up" : "menu menu-reactions"} role="menu">
          {offeredReactions.map((name) => (
            <button type="button" role="menuitem" key={name} aria-label={name} onClick={() => toggleReaction(name)}>
              <Emoji name={name} />
            </button>
          ))}
        </div>
      )}
      {open === "menu" && (
        <div className={up ? "menu menu-up" : "menu"} role="menu">
          {shortcuts.map((shortcut) => (
            <button
              type="button"
              role="menuitem"
              key={shortcut.callbackId}
              title={shortcut.description}
              onClick={() => act(() => client.shortcut(shortcut, message))}
            >
              {shortcut.name} <small>{frame.app.name}</small>
            </button>
          ))}
          {shortcuts.length > 0 && <hr />}
          <button type="button" role="menuitem" onClick={() => act(() => client.pin(message, !message.pinned))}>
            {message.pinned ? "Unpin from channel" : "Pin to channel"}
          </button>
          {own && (
            <button
              type="button"
              role="menuitem"
              onClick={() => {
                setOpen("none");
                edit();
              }}
            >
              Edit message
            </button>
          )}
          {own && (
            <button type="button" role="menuitem" className="menu-danger" onClick={() => setOpen("delete")}>
              Delete message…
            </button>
          )}
        </div>
      )}
      {open === "delete" && (
        <ConfirmDialog
          words={deleteWords}
          onYes={() => act(() => client.remove(message))}
          onNo={() => setOpen("none")}
        />
      )}
    </div>
  );
}
