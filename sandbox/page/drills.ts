import type { IncomingMessage, ServerResponse } from "node:http";

export interface DrillSummary {
  /** What `play` is called with: a path as the one who starts the sandbox writes it. */
  file: string;
  title: string;
  about: string;
}

/** One line of a drill's report, as `npm run drill -- --json` prints it. */
export interface DrillStep {
  step: number | string;
  kind: string;
  ok: boolean;
  ms: number;
  message: string;
}

/** Handed in by whoever starts the sandbox: each drill plays in a sandbox of its own, never in the workspace on show. */
export interface DrillPanel {
  list(): Promise<DrillSummary[]>;
  play(file: string, onStep: (step: DrillStep) => void): Promise<{ ok: boolean; failed: number }>;
}

/** One line of the NDJSON stream that POST /_page/drills/play answers with. The last one is `done` or `error`. */
export type DrillLine = { step: DrillStep } | { done: { ok: boolean; failed: number } } | { error: string };

const longestRequest = 4096;

/** GET /_page/drills and POST /_page/drills/play {file}. Only files that `list()` names can be played, one at a time. */
export function drillRoutes(panel: DrillPanel | undefined) {
  let playing = false;

  async function list(response: ServerResponse): Promise<void> {
    const drills = panel === undefined ? [] : await panel.list();
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ drills }));
  }

  async function play(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const file = fileIn(await bodyOf(request));
    const known = panel === undefined ? [] : await panel.list();
    if (panel === undefined || file === null || !known.some((drill) => drill.file === file)) {
      response.writeHead(404, { "content-type": "application/json" }).end(JSON.stringify({ error: "No such drill." }));
      return;
    }
    if (playing) {
      const error = "Another drill is playing. Wait for its end, then start this one.";
      response.writeHead(409, { "content-type": "application/json" }).end(JSON.stringify({ error }));
      return;
    }
    playing = true;
    response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
    const say = (line: DrillLine): void => {
      if (!response.writableEnded && !response.destroyed) response.write(`${JSON.stringify(line)}\n`);
    };
    try {
      say({ done: await panel.play(file, (step) => say({ step })) });
    } catch (error) {
      say({ error: error instanceof Error ? error.message : String(error) });
    } finally {
      playing = false;
      response.end();
    }
  }

  return { list, play };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const piece = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    length += piece.length;
    if (length > longestRequest) return "";
    chunks.push(piece);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function fileIn(body: string): string | null {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== "object" || parsed === null || !("file" in parsed)) return null;
    return typeof parsed.file === "string" ? parsed.file : null;
  } catch {
    return null;
  }
}
