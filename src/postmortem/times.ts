import type { Instant } from "../base/clock.ts";

/** Dates and times of a document in one zone, the same on every machine: no locale of the host has a say. */

const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** `16 March 2021` */
export function dateIn(at: Instant, zone: string): string {
  const local = at.toZonedDateTimeISO(zone);
  return `${local.day} ${MONTHS[local.month - 1] ?? ""} ${local.year}`;
}

/** `14:42` */
export function timeIn(at: Instant, zone: string): string {
  return at.toZonedDateTimeISO(zone).toPlainTime().toString({ smallestUnit: "minute" });
}

/** `16 March 2021, 14:42 GMT` */
export const dateTimeIn = (at: Instant, zone: string): string => `${dateIn(at, zone)}, ${timeIn(at, zone)} ${zone}`;
