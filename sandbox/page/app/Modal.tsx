import { useEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { Blocks } from "./blocks/Blocks.tsx";
import { type ControlValues, valuesOf } from "./blocks/model.ts";
import { type Surface, SurfaceContext } from "./blocks/surface.ts";
import { useDesk } from "./client.ts";
import type { View } from "./model.ts";

/** The topmost open view of this reader. What was typed stays when the app replaces the view, as far as the ids are kept. */
export function Modal({ view }: { view: View }) {
  const { client, attempt } = useDesk();
  const [touched, setTouched] = useState<ControlValues>({});
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const body = useRef<HTMLDivElement>(null);
  const values = valuesOf(view.blocks, touched);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a replaced view starts without errors and at its first field
  useEffect(() => {
    setErrors({});
    const fields = body.current?.querySelectorAll<HTMLElement>("input, textarea, select");
    fields?.[0]?.focus();
  }, [view.hash]);

  const surface: Surface = {
    values,
    errors,
    set: (blockId, actionId, value) => {
      setTouched((held) => ({ ...held, [blockId]: { ...held[blockId], [actionId]: value } }));
      setErrors(({ [blockId]: _mended, ...rest }) => rest);
    },
    act: async (_blockId, control, value) => {
      await attempt(() => client.press({ modal: view.id }, control, value));
    },
  };

  async function submit(): Promise<void> {
    setBusy(true);
    await attempt(async () => setErrors(await client.submit(view, values)));
    setBusy(false);
  }

  const close = (): void => void attempt(() => client.dismiss());

  return createPortal(
    <div className="veil">
      <form
        className="dialog"
        role="dialog"
        aria-modal="true"
        aria-label={view.title}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape") close();
        }}
      >
        <header>
          <h2>{view.title}</h2>
          <button type="button" className="icon-button" aria-label="Close" onClick={close}>
            ✕
          </button>
        </header>
        <div className="dialog-body" ref={body}>
          <SurfaceContext value={surface}>
            <Blocks blocks={view.blocks} />
          </SurfaceContext>
        </div>
        <footer>
          <button type="button" className="button" onClick={close}>
            {view.close}
          </button>
          {view.submit !== null && (
            <button type="submit" className="button button-primary" disabled={busy}>
              {busy ? "Sending…" : view.submit}
            </button>
          )}
        </footer>
      </form>
    </div>,
    document.body,
  );
}
