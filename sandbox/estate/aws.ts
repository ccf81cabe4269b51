import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Answered, Asked } from "./server.ts";

export const REGION = "eu-west-2";
export const ACCOUNT = "111122223333";

/** An error as the AWS JSON protocols say it. */
export class AwsError extends Error {
  override readonly name = "AwsError";
  readonly type: string;
  readonly more: Readonly<Record<string, unknown>>;

  constructor(type: string, message: string, more: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.type = type;
    this.more = more;
  }
}

export type Actions = Readonly<Record<string, (input: unknown) => unknown>>;

export interface AwsService {
  /** What stands before the dot of `X-Amz-Target`. */
  readonly target: string;
  /** Its name in the scope of a signature. */
  readonly signedAs: string;
  readonly version: "1.0" | "1.1";
  readonly actions: Actions;
  /** What an error of that type is called on the wire, and what else its answer says. */
  readonly error?: (type: string) => { readonly type: string; readonly headers: Readonly<Record<string, string>> };
}

/** What stands in the way of every call, as a drill has set it. */
export interface AwsManners {
  /** Everybody is refused. */
  readonly denied: boolean;
  /** Asked once a call: whether it is turned away for now. */
  readonly throttled: () => boolean;
}

/** One call of the AWS JSON protocol. That it is signed for this service is looked at, the signature is not. */
export function answerAws(asked: Asked, services: readonly AwsService[], manners: AwsManners): Answered {
  const [prefix = "", action = ""] = String(asked.headers["x-amz-target"] ?? "").split(".");
  const service = services.find((one) => one.target === prefix);
  const run = service?.actions[action];
  const version = service?.version ?? "1.1";
  const headers = { "content-type": `application/x-amz-json-${version}`, "x-amzn-requestid": randomUUID() };
  try {
    if (asked.method !== "POST" || service === undefined || run === undefined) {
      throw new AwsError("UnknownOperationException", `${prefix}.${action}`);
    }
    needSignature(asked, service);
    if (manners.denied)
      throw new AwsError("AccessDeniedException", `not authorized to perform: ${service.signedAs}:${action}`);
    if (manners.throttled()) throw new AwsError("ThrottlingException", "Rate exceeded");
    return { status: 200, json: run(inputOf(asked)) ?? {}, headers };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const called = service?.error?.(error.type) ?? { type: error.type, headers: {} };
    const json = { __type: called.type, message: error.message, ...error.more };
    return { status: 400, json, headers: { ...headers, ...called.headers } };
  }
}

function needSignature({ headers }: Asked, { signedAs }: AwsService): void {
  const given = headers.authorization ?? "";
  if (given === "") throw new AwsError("MissingAuthenticationTokenException", "Missing Authentication Token");
  const parts =
    /^AWS4-HMAC-SHA256 Credential=[^/\s]+\/\d{8}\/[\w-]+\/([\w-]+)\/aws4_request, ?SignedHeaders=[\w;-]+, ?Signature=[0-9a-f]{64}$/;
  const scope = parts.exec(given)?.[1];
  if (scope === undefined || !/^\d{8}T\d{6}Z$/.test(String(headers["x-amz-date"] ?? ""))) {
    throw new AwsError("IncompleteSignatureException", "Authorization header is not a Signature Version 4");
  }
  if (scope !== signedAs) {
    throw new AwsError("InvalidSignatureException", `Credential should be scoped to correct service: '${signedAs}'.`);
  }
}

function inputOf({ body }: Asked): unknown {
  try {
    return body === "" ? {} : JSON.parse(body);
  } catch {
    throw new AwsError("SerializationException", "the body is not JSON");
  }
}

/** An action whose input has that shape; unknown members are passed over, as AWS does. */
export function action<T>(schema: z.ZodType<T>, run: (input: T) => unknown, wrong = "InvalidParameterException") {
  return (input: unknown): unknown => {
    const read = schema.safeParse(input);
    if (!read.success) throw new AwsError(wrong, z.prettifyError(read.error));
    return run(read.data);
  };
}
