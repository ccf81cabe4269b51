import { useEffect, useState } from "react";
import type { DrillLine, DrillStep, DrillSummary } from "../drills.ts";

export interface Playing {
  file: string;
  steps: DrillStep[];
  end: { ok: boolean; failed: number } | { error: string } | null;
}

export interface DrillsOnShow {
  list: DrillSummary[];
  playing: Playing | null;
  play(file: string): void;
}

/** The drills that this sandbox can play, and the one that plays or played last. It goes on while the reader looks elsewhere. */
export function useDrills(): DrillsOnShow {
  const [list, setList] = useState<DrillSummary[]>([]);
  const [playing, setPlaying] = useState<Playing | null>(null);

  useEffect(() => {
    fetch("/_page/drills")
      .then((response) => response.json())
      .then(({ drills }: { drills: DrillSummary[] }) => setList(drills))
      .catch(() => setList([]));
  }, []);

  async function play(file: string): Promise<void> {
    setPlaying({ file, steps: [], end: null });
    const note = (line: DrillLine): void =>
      setPlaying((held) => (held === null || held.file !== file ? held : withLine(held, line)));
    try {
      const response = await fetch("/_page/drills/play", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ file }),
      });
      if (!response.ok || response.body === null) return note(await response.json());
      for await (const line of linesOf(response.body)) note(JSON.parse(line));
    } catch (error) {
      note({ error: error instanceof Error ? error.message : String(error) });
    }
    setPlaying((held) => (held?.end === null ? { ...held, end: { error: "The drill broke off." } } : held));
  }

  return { list, playing, play: (file) => void play(file) };
}

function withLine(held: Playing, line: DrillLine): Playing {
  if ("step" in line) return { ...held, steps: [...held.steps, line.step] };
  return { ...held, end: "done" in line ? line.done : { error: line.error } };
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter((line) => line !== "");
  }
  if (rest !== "") yield rest;
}
