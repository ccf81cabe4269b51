import { z } from "zod";
import { headerName } from "../../config/scalars.ts";
import { checkSharedSecret, checkTimestamp, isHmac } from "../signatures.ts";
import type { Source } from "./contract.ts";
import { checkAlerts, keyOfAlerts, readAlerts } from "./prometheus/alerts.ts";
import { labelsSetting, severitiesSetting } from "./prometheus/labels.ts";

const settings = z.strictObject({
  kind: z.literal("grafana"),
  secret: z.string().min(1),
  /** `hmac-sha256`: the contact point signs; `path`: the secret is the last part of the URL, or Authorization. */
  auth: z.enum(["hmac-sha256", "path"]).default("hmac-sha256"),
  signatureHeader: headerName.prefault("X-Grafana-Alerting-Signature"),
  /** As in the contact point: then the time is signed too, and a captured webhook is worth nothing after five minutes. */
  timestampHeader: headerName.optional(),
  labels: labelsSetting,
  severities: severitiesSetting,
});

/** Grafana Alerting's webhook contact point, version 1. */
export const grafana: Source<z.output<typeof settings>> = {
  kind: "grafana",
  settings,
  verify: (request, { auth, secret, signatureHeader, timestampHeader }, machineNow) => {
    if (request.method !== "POST" && request.method !== "PUT") return { ok: false, reason: "only POST and PUT" };
    if (auth === "path") return checkSharedSecret(request, secret);
    const given = request.headers[signatureHeader];
    if (given === undefined) return { ok: false, reason: "no signature" };
    const timestamp = timestampHeader === undefined ? undefined : request.headers[timestampHeader];
    if (timestampHeader !== undefined) {
      const fresh = checkTimestamp(timestamp, machineNow);
      if (!fresh.ok) return fresh;
    }
    const signed = timestampHeader === undefined ? [request.body] : [`${timestamp}:`, request.body];
    return isHmac(given, secret, signed) ? { ok: true } : { ok: false, reason: "bad signature" };
  },
  unsigned: ({ auth }) => (auth === "path" ? "this contact point" : null),
  wellFormed: checkAlerts,
  deliveryKey: keyOfAlerts,
  parse: (delivery, { labels, severities }, catalogue) =>
    readAlerts(delivery, { naming: { labels, severities }, catalogue, vendor: "grafana" }),
};
