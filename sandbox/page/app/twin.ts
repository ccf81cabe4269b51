import type {
  Acted,
  Acts,
  Change,
  Ephemeral,
  Root,
  Submitted,
  View,
  WorkspaceShown,
} from "../../workspace/contract.ts";

// The workspace's control API, through this page's own server.

async function read<T>(path: string, query: Record<string, string> = {}): Promise<T> {
  const response = await fetch(`/_twin/${path}?${new URLSearchParams(query)}`);
  if (!response.ok) throw new Error(await faultIn(response));
  return response.json();
}

async function act<Name extends keyof Acts, Answer = Acted>(name: Name, body: Acts[Name]): Promise<Answer> {
  const response = await fetch(`/_twin/act/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await faultIn(response));
  return response.json();
}

async function faultIn(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => null);
  if (typeof body === "object" && body !== null && "error" in body && typeof body.error === "string") return body.error;
  return `The workspace answered ${response.status}.`;
}

export const twin = {
  workspace: () => read<WorkspaceShown>("workspace"),
  messages: (channel: string) => read<Root[]>("messages", { channel }),
  ephemerals: (user: string) => read<Ephemeral[]>("ephemerals", { user }),
  modal: (user: string) => read<View | null>("modal", { user }),
  act,
  submit: (body: Acts["submit"]) => act<"submit", Submitted>("submit", body),
};

/** Every change after `seq`, until the returned function is called; the browser reconnects by itself. */
export function watchChanges(seq: number, onChange: (change: Change) => void, onState: (open: boolean) => void) {
  const stream = new EventSource(`/_twin/stream?after=${seq}`);
  stream.addEventListener("change", (event) => onChange(JSON.parse(event.data)));
  stream.addEventListener("open", () => onState(true));
  stream.addEventListener("error", () => onState(false));
  return () => stream.close();
}
