import type { Kind } from "../storm.ts";
import { busyNight } from "./busy-night.ts";
import { databaseDown } from "./database-down.ts";
import { deadLetters } from "./dead-letters.ts";
import { deployKnockOn } from "./deploy-knock-on.ts";
import { etlChain } from "./etl-chain.ts";
import { fieldChangedType } from "./field-changed-type.ts";
import { flappingAlarm } from "./flapping-alarm.ts";
import { fullNode } from "./full-node.ts";
import { groupedByName } from "./grouped-by-name.ts";
import { hubAndStrangers } from "./hub-and-strangers.ts";
import { lateAndDisordered } from "./late-and-disordered.ts";
import { missingInTheMorning } from "./missing-in-the-morning.ts";
import { nextNight } from "./next-night.ts";
import { oneJobFourVoices } from "./one-job-four-voices.ts";
import { overlappingGenerics } from "./overlapping-generics.ts";
import { providerOut } from "./provider-out.ts";
import { slowBurn } from "./slow-burn.ts";
import { strangers } from "./strangers.ts";
import { teamRules } from "./team-rules.ts";
import { twoBugsOneService } from "./two-bugs-one-service.ts";
import { twoEnvironments } from "./two-environments.ts";
import { twoSenders } from "./two-senders.ts";
import { varyingWords } from "./varying-words.ts";

/** Written before the rules that join by relation were. */
export const FIRST: readonly Kind[] = [
  fieldChangedType,
  oneJobFourVoices,
  databaseDown,
  flappingAlarm,
  overlappingGenerics,
  twoEnvironments,
  nextNight,
  slowBurn,
  deployKnockOn,
  deadLetters,
];

/** Written without sight of those rules too. */
const SECOND: readonly Kind[] = [
  etlChain,
  twoSenders,
  lateAndDisordered,
  varyingWords,
  strangers,
  providerOut,
  twoBugsOneService,
  fullNode,
  hubAndStrangers,
  teamRules,
  busyNight,
];

/** Written after the rules were there, when Alertmanager and our own monitors could speak; without having read the rules. */
const THIRD: readonly Kind[] = [groupedByName, missingInTheMorning];

export const KINDS: readonly Kind[] = [...FIRST, ...SECOND, ...THIRD];
