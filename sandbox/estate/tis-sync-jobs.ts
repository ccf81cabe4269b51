/** The jobs of TIS-SYNC as its API and its Slack texts name them, in the order of "run all" first. */
export interface SyncJob {
  /** In paths and in the status map. */
  readonly name: string;
  /** In its Slack texts. */
  readonly shown: string;
  /** How long it usually takes. */
  readonly minutes: number;
  /** Whether "run all" runs it. */
  readonly inRunAll: boolean;
  /** Which of the three families of texts it posts. */
  readonly texts: "completed" | "finished" | "data";
  /** The revalidation jobs do not exist with the profile `nimdta`. */
  readonly reval?: true;
}

export const SYNC_JOBS: readonly SyncJob[] = [
  { name: "personOwnerRebuildJob", shown: "PersonOwnerJob", minutes: 4, inRunAll: true, texts: "finished" },
  {
    name: "personPlacementEmployingBodyTrustJob",
    shown: "PersonPlacementEmployingBodyTrustJob",
    minutes: 12,
    inRunAll: true,
    texts: "completed",
  },
  {
    name: "personPlacementTrainingBodyTrustJob",
    shown: "PersonPlacementTrainingBodyTrustJob",
    minutes: 12,
    inRunAll: true,
    texts: "completed",
  },
  {
    name: "postEmployingBodyTrustJob",
    shown: "PostEmployingBodyTrustJob",
    minutes: 5,
    inRunAll: true,
    texts: "completed",
  },
  {
    name: "postTrainingBodyTrustJob",
    shown: "PostTrainingBodyTrustJob",
    minutes: 5,
    inRunAll: true,
    texts: "completed",
  },
  { name: "personRecordStatusJob", shown: "PersonRecordStatusJob", minutes: 8, inRunAll: true, texts: "completed" },
  { name: "personElasticSearchSyncJob", shown: "Person sync job", minutes: 18, inRunAll: true, texts: "finished" },
  {
    name: "revalCurrentPmJob",
    shown: "RevalCurrentPmSyncJob",
    minutes: 3,
    inRunAll: true,
    texts: "completed",
    reval: true,
  },
  {
    name: "postFundingStatusSyncJob",
    shown: "PostFundingStatusSyncJob",
    minutes: 4,
    inRunAll: true,
    texts: "completed",
  },
  {
    name: "revalCurrentPlacementJob",
    shown: "RevalCurrentPlacementSyncJob",
    minutes: 3,
    inRunAll: false,
    texts: "completed",
    reval: true,
  },
  {
    name: "postElasticSearchSyncJob",
    shown: "Post Elasticsearch sync job",
    minutes: 9,
    inRunAll: false,
    texts: "data",
  },
];

export function startedText(job: SyncJob): string {
  return `${job.texts === "data" ? "ES " : ""}Sync [${job.shown}] started.`;
}

export function finishedText(job: SyncJob): string {
  return `Sync [${job.shown}] ${job.texts === "completed" ? "completed successfully" : "finished"}.`;
}

export function failedText(job: SyncJob, error: string | null): string {
  const said = `Sync [${job.shown}] failed with exception [${error}].`;
  return job.texts === "data" ? `Data ${said}` : `<!channel> ${said}`;
}

/** Why `personRecordStatusJob` refuses its parameter; null when it takes it. A JSON body without the key breaks it. */
export function dateOverrideProblem(body: string): string | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return "Unable to extract the dateOverride property";
  }
  if (typeof parsed !== "object" || parsed === null || !("dateOverride" in parsed)) {
    throw new Error("java.lang.NullPointerException");
  }
  const value = String(parsed.dateOverride ?? "");
  if (/^(|any|none)$/i.test(value)) return null;
  const day = /^\d{4}-\d{2}-\d{2}$/.test(value) ? new Date(`${value}T00:00:00Z`) : null;
  const real = day !== null && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(value);
  return real ? null : `The date is not correct: ${value}`;
}
