import { z } from "zod";
import { checkSharedSecret } from "../signatures.ts";
import type { HookRequest, Source } from "./contract.ts";
import { checkAlerts, keyOfAlerts, readAlerts } from "./prometheus/alerts.ts";
import { labelsSetting, severitiesSetting } from "./prometheus/labels.ts";

const settings = z.strictObject({
  kind: z.literal("alertmanager"),
  /** The last part of the URL, or the credentials of `http_config` (bearer, or the password of basic_auth). */
  secret: z.string().min(1),
  /** Only this way; any of them unless told. */
  auth: z.enum(["path", "bearer", "basic"]).optional(),
  /** The user of basic_auth; any unless told. */
  user: z.string().min(1).optional(),
  labels: labelsSetting,
  severities: severitiesSetting,
});

/** Prometheus Alertmanager's webhook, version 4. It cannot sign. */
export const alertmanager: Source<z.output<typeof settings>> = {
  kind: "alertmanager",
  settings,
  verify: (request, { secret, auth, user }) => {
    if (request.method !== "POST") return { ok: false, reason: "only POST" };
    const way = wayOf(request);
    if (auth !== undefined && auth !== way.auth) return { ok: false, reason: `no secret by ${auth}` };
    if (user !== undefined && way.auth === "basic" && way.user !== user) return { ok: false, reason: "wrong user" };
    return checkSharedSecret(request, secret);
  },
  unsigned: () => "Alertmanager",
  wellFormed: checkAlerts,
  deliveryKey: keyOfAlerts,
  parse: (delivery, { labels, severities }, catalogue) =>
    readAlerts(delivery, { naming: { labels, severities }, catalogue, vendor: "alertmanager" }),
};

function wayOf(request: HookRequest): {
  readonly auth: "path" | "bearer" | "basic";
  readonly user?: string | undefined;
} {
  if (request.path !== "" && request.path !== "/") return { auth: "path" };
  const basic = /^\s*basic\s+(\S+)/i.exec(request.headers["authorization"] ?? "")?.[1];
  if (basic === undefined) return { auth: "bearer" };
  return { auth: "basic", user: Buffer.from(basic, "base64").toString("utf8").split(":")[0] };
}
