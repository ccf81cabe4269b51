import { createPortal } from "react-dom";
import type { ConfirmText } from "./model.ts";
import { Text } from "./text.tsx";

/** Slack's "are you sure": nothing is sent until the confirming button is pressed. */
export function ConfirmDialog({ words, onYes, onNo }: { words: ConfirmText; onYes(): void; onNo(): void }) {
  return createPortal(
    <div className="veil">
      <div className="dialog dialog-small" role="alertdialog" aria-modal="true" aria-label={words.title.text}>
        <header>
          <h2>
            <Text text={words.title} />
          </h2>
        </header>
        <div className="dialog-body">
          <Text text={words.text} />
        </div>
        <footer>
          <button type="button" className="button" onClick={onNo}>
            <Text text={words.deny} />
          </button>
          <button
            type="button"
            className={`button ${words.style === "danger" ? "button-danger-solid" : "button-primary"}`}
            onClick={onYes}
          >
            <Text text={words.confirm} />
          </button>
        </footer>
      </div>
    </div>,
    document.body,
  );
}
