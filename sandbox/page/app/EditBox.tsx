import { useState } from "react";
import { useDesk } from "./client.ts";
import { decodeMessage } from "./composer-words.ts";
import type { Message } from "./model.ts";

export function EditBox({ message, done }: { message: Message; done(): void }) {
  const { frame, client, attempt } = useDesk();
  const [text, setText] = useState(() => decodeMessage(message.text, frame));

  async function save(): Promise<void> {
    const saved = await attempt(() => client.edit(message, text.trim()));
    if (saved) done();
  }

  return (
    <div className="edit-box">
      <textarea
        // biome-ignore lint/a11y/noAutofocus: the reader has just asked to edit this message
        autoFocus
        aria-label="Edit message"
        value={text}
        rows={Math.min(8, text.split("\n").length)}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") done();
          if (event.key !== "Enter" || event.shiftKey) return;
          event.preventDefault();
          void save();
        }}
      />
      <div className="edit-buttons">
        <button type="button" className="button" onClick={done}>
          Cancel
        </button>
        <button
          type="button"
          className="button button-primary"
          disabled={text.trim() === ""}
          onClick={() => void save()}
        >
          Save
        </button>
      </div>
    </div>
  );
}
