import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { connectors } from "../../../src/jobs/connectors/index.ts";
import { connect, intentFor } from "../../helpers/conformance/connector.ts";
import { root } from "../../helpers/source-code.ts";
import type { Call } from "../target-server.ts";
import { referenceTarget } from "./reference-target.ts";

interface Operation {
  readonly operationId: string;
  readonly requestBody?: unknown;
  readonly responses: Record<string, unknown>;
}
interface OpenApi {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, object> };
}

const text = readFileSync(`${root}docs/job-contract/openapi.yaml`, "utf8");
const document: OpenApi = parse(text);
const ajv = new Ajv2020({ strict: false });
formats.default(ajv);
ajv.addSchema(document, "openapi");

test("the file is an OpenAPI 3.1 document without loose ends", () => {
  expect(document.openapi).toMatch(/^3\.1\./);
  const references = [...text.matchAll(/\$ref: "#\/([^"]+)"/g)].map(([, path]) => path ?? "");
  expect(references.length).toBeGreaterThan(40);
  const missing = references.filter((path) => at(document, path) === undefined);
  expect(missing).toEqual([]);
  const invalid = Object.keys(document.components.schemas).filter(
    (name) => !ajv.validateSchema(document.components.schemas[name] ?? false),
  );
  expect(invalid).toEqual([]);
  const ids = Object.values(document.paths).flatMap((path) =>
    operationsOf(path).map(([, { operationId }]) => operationId),
  );
  expect(new Set(ids).size).toBe(ids.length);
});

test("every call of the connector, and every answer of the reference server, is in it", async () => {
  const target = await referenceTarget();
  const seen: { call: Call; status: number; body: unknown }[] = [];
  target.state.heard = (call, status, body) => seen.push({ call, status, body: JSON.parse(body) });
  await tour(target);
  const operations = new Set<string>();
  const problems = seen.flatMap(({ call, status, body }) => {
    const [template, method, operation] = operationOf(call);
    if (operation === undefined) return [`${call.method} ${call.path} is not in it`];
    operations.add(operation.operationId);
    const answers = operation.responses[status] === undefined ? "default" : String(status);
    const base = `openapi#/paths/${template.replaceAll("/", "~1").replaceAll("{", "%7B").replaceAll("}", "%7D")}/${method}`;
    return [
      ...(call.method === "POST"
        ? differences(`${base}/requestBody`, operation.requestBody, JSON.parse(call.body))
        : []),
      ...differences(`${base}/responses/${answers}`, operation.responses[answers], body),
    ].map((problem) => `${operation.operationId} ${status}: ${problem}`);
  });
  expect(problems).toEqual([]);
  const documented = Object.values(document.paths).flatMap((path) =>
    operationsOf(path).map(([, one]) => one.operationId),
  );
  expect([...operations].sort()).toEqual(documented.sort());
});

test("the reference server is a hundred lines, without a dependency", () => {
  const server = readFileSync(`${root}docs/job-contract/reference-server.mjs`, "utf8");
  expect(server.trimEnd().split("\n").length).toBeLessThanOrEqual(100);
  expect([...server.matchAll(/^import .* from "(.*)";$/gm)].map(([, from]) => from)).toEqual(["node:http"]);
});

test("the reference server runs by itself", async () => {
  const env = { TOKEN: "a-token", PORT: "0" };
  const child = spawn(process.execPath, [`${root}docs/job-contract/reference-server.mjs`], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(async () => {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });
  const [line]: unknown[] = await once(child.stdout, "data");
  const answer = await fetch(`${String(line).trim()}/identity`, { headers: { authorization: "Bearer a-token" } });
  expect(await answer.json()).toMatchObject({ environment: "prod" });
});

/** Everything that a connection can do, once, with refusals among it. */
async function tour({ entry, job, tick, finish }: Awaited<ReturnType<typeof referenceTarget>>): Promise<void> {
  const connector = connectors.find((one) => one.name === "contract");
  if (connector === undefined) throw new Error("there is no contract connector");
  const connection = connect(connector, entry);
  const intent = intentFor(job);
  const stranger = connect(connector, { ...entry, token: "another" });
  await stranger.preflight(intent);
  await connection.preflight(intentFor("other-job"));
  await connection.preflight(intent);
  const kept = await connection.snapshot?.(intent);
  await connection.preflight(intent);
  const handle = await connection.start(intent);
  await connection.start(intent);
  await connection.start({ ...intent, intentKey: "intent-2" }).catch(() => {});
  await connection.locate(intent);
  tick();
  await connection.observe(handle, intent, null);
  await connection.pause?.(handle, intent);
  await connection.resume?.(handle, intent);
  await connection.abort(handle, intent, "soft");
  tick();
  await connection.abort(handle, intent, "hard");
  await connection.observe(handle, intent, "1");
  await connection.observe({ ...handle, externalId: "ex-99" }, intent, null);
  const back = await connection.restore?.(intent, kept?.ref ?? "");
  finish();
  if (back !== undefined) await connection.observe(back, intent, null);
  await connection.start({ ...intent, intentKey: "intent-3", version: "99" }).catch(() => {});
  await connection.start({ ...intent, intentKey: "intent-4", resumeOf: handle, parameters: { full: true, n: 1 } });
  await connection.items?.(intent, { op: "resync", ids: ["item-00001", "gone"], key: "c1" });
  await connection.ids?.(intent, "source", null);
  await connection.ids?.(intent, "target", "item-00001");
}

const operationsOf = (path: Record<string, Operation>) =>
  Object.entries(path).filter(([method]) => ["get", "post"].includes(method));

function operationOf(call: Call): [string, string, Operation | undefined] {
  const path = call.path.replace(/\?.*$/, "").split("/");
  const method = call.method.toLowerCase();
  // What is written out goes before what is a parameter.
  const templates = Object.keys(document.paths).sort((a, b) => a.split("{").length - b.split("{").length);
  const template = templates.find((one) => {
    const parts = one.split("/");
    return parts.length === path.length && parts.every((part, index) => part.startsWith("{") || part === path[index]);
  });
  return [template ?? "", method, document.paths[template ?? ""]?.[method]];
}

/** Where `value` is not as the content of this part of the document says. */
function differences(base: string, part: unknown, value: unknown): string[] {
  const reference = at(part, "$ref");
  const where = typeof reference === "string" ? `openapi${reference}` : base;
  const whole = typeof reference === "string" ? at(document, reference.slice(2)) : part;
  if (at(whole, "content") === undefined) return [];
  const validate = ajv.getSchema(`${where}/content/application~1json/schema`);
  if (validate === undefined) return [`${where} has no schema`];
  return validate(value) === true ? [] : [ajv.errorsText(validate.errors ?? [])];
}

function at(value: unknown, path: string): object | string | undefined {
  let here: unknown = value;
  for (const step of path.split("/")) {
    here =
      typeof here === "object" && here !== null ? Object.entries(here).find(([key]) => key === step)?.[1] : undefined;
  }
  return (typeof here === "object" && here !== null) || typeof here === "string" ? here : undefined;
}
