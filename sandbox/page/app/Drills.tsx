import { useEffect, useRef } from "react";
import type { DrillsOnShow, Playing } from "./useDrills.ts";

/** Scripted incidents: each plays in a sandbox of its own, and reports here line by line. */
export function Drills({ drills }: { drills: DrillsOnShow }) {
  const { list, playing, play } = drills;
  const busy = playing !== null && playing.end === null;
  return (
    <main className="pane drills" aria-label="Drills">
      <header className="pane-head">
        <h2>Drills</h2>
        <span className="pane-about">
          Scripted incidents that check themselves. Each plays in a sandbox of its own: the channels here stay as they
          are.
        </span>
      </header>
      <div className="drills-body">
        <ul className="drill-list">
          {list.map((drill) => (
            <li key={drill.file} className={playing?.file === drill.file ? "drill drill-chosen" : "drill"}>
              <div>
                <h3>{drill.title}</h3>
                <p>{drill.about}</p>
                <code>{drill.file}</code>
              </div>
              <button type="button" className="button button-primary" disabled={busy} onClick={() => play(drill.file)}>
                Play
              </button>
            </li>
          ))}
        </ul>
        {playing !== null && <DrillLog playing={playing} />}
      </div>
    </main>
  );
}

function DrillLog({ playing }: { playing: Playing }) {
  const end = useRef<HTMLParagraphElement>(null);
  const { steps } = playing;

  // biome-ignore lint/correctness/useExhaustiveDependencies: each new line is brought into view
  useEffect(() => {
    end.current?.scrollIntoView({ block: "nearest" });
  }, [steps.length, playing.end]);

  return (
    <section className="drill-log" aria-label="Drill log" aria-live="polite">
      <ol>
        {steps.map((step, index) => (
          // The log only grows, and a step can speak more than once.
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          <li key={index} className={step.ok ? "step" : "step step-failed"}>
            <span className="step-mark">{step.ok ? "✓" : "✗"}</span>
            <code>{step.kind}</code>
            <span className="step-message">{step.message}</span>
            <small>{durationLabel(step.ms)}</small>
          </li>
        ))}
      </ol>
      <p ref={end} className={`drill-end drill-end-${endKind(playing)}`}>
        {endWords(playing)}
      </p>
    </section>
  );
}

function endKind({ end }: Playing): "playing" | "ok" | "failed" {
  if (end === null) return "playing";
  return "ok" in end && end.ok ? "ok" : "failed";
}

function endWords({ end, steps }: Playing): string {
  if (end === null) return steps.length === 0 ? "Starting a sandbox for it…" : "Playing…";
  if ("error" in end) return end.error;
  return end.ok
    ? `Every expectation held, in ${steps.length} steps.`
    : `${end.failed} of ${steps.length} steps failed.`;
}

function durationLabel(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
