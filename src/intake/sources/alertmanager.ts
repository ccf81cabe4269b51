import { z } from "zod";
import { checkSharedSecret } from "../signatures.ts";
import type { Source } from "./contract.ts";
import { checkAlerts, keyOfAlerts, readAlerts } from "./prometheus/alerts.ts";
import { labelsSetting, severitiesSetting } from "./prometheus/labels.ts";

const settings = z.strictObject({
  kind: z.literal("alertmanager"),
  /** The last part of the URL, or the credentials of `http_config` (bearer, or the password of basic_auth). */
  secret: z.string().min(1),
  labels: labelsSetting,
  severities: severitiesSetting,
});

/** Prometheus Alertmanager's webhook, version 4. It cannot sign. */
export const alertmanager: Source<z.output<typeof settings>> = {
  kind: "alertmanager",
  settings,
  verify: (request, { secret }) => {
    if (request.method !== "POST") return { ok: false, reason: "only POST" };
    return checkSharedSecret(request, secret);
  },
  unsigned: () => "Alertmanager",
  wellFormed: checkAlerts,
  deliveryKey: keyOfAlerts,
  parse: (delivery, { labels, severities }, catalogue) =>
    readAlerts(delivery, { naming: { labels, severities }, catalogue, vendor: "alertmanager" }),
};
