/** What this process counted since it started: requests by route and status, and how long each took. */
export interface Counters {
  count(route: string, request: { readonly status: number; readonly tookMs: number }): void;
  /** Lines of Prometheus' text format. */
  lines(): string[];
}

/** Upper bounds in seconds. Slack waits 3 s, senders of hooks about 1 s. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3, 10] as const;

export function createCounters(): Counters {
  const requests = new Map<string, number>();
  const durations = new Map<string, { buckets: number[]; sum: number; count: number }>();
  return {
    count: (route, { status, tookMs }) => {
      const key = `route="${route}",status="${status}"`;
      requests.set(key, (requests.get(key) ?? 0) + 1);
      const seconds = tookMs / 1_000;
      const known = durations.get(route) ?? { buckets: BOUNDS.map(() => 0), sum: 0, count: 0 };
      durations.set(route, {
        buckets: known.buckets.map((value, index) => value + (seconds <= (BOUNDS[index] ?? 0) ? 1 : 0)),
        sum: known.sum + seconds,
        count: known.count + 1,
      });
    },
    lines: () => [
      "# HELP nightdesk_http_requests_total Requests answered by this process.",
      "# TYPE nightdesk_http_requests_total counter",
      ...[...requests].map(([labels, value]) => `nightdesk_http_requests_total{${labels}} ${value}`),
      "# HELP nightdesk_http_request_seconds How long this process took to answer.",
      "# TYPE nightdesk_http_request_seconds histogram",
      ...[...durations].flatMap(([route, { buckets, sum, count }]) => [
        ...BOUNDS.map((bound, index) => bucket(route, String(bound), buckets[index] ?? 0)),
        bucket(route, "+Inf", count),
        `nightdesk_http_request_seconds_sum{route="${route}"} ${sum}`,
        `nightdesk_http_request_seconds_count{route="${route}"} ${count}`,
      ]),
    ],
  };
}

const bucket = (route: string, bound: string, value: number): string =>
  `nightdesk_http_request_seconds_bucket{route="${route}",le="${bound}"} ${value}`;
