import { expect, test } from "vitest";
import { formatDateToken } from "../../../sandbox/page/app/blocks/dates.ts";

const at = Date.UTC(2021, 2, 16, 23, 5, 9) / 1000;

test.each([
  ["{date_num}", "2021-03-16"],
  ["{date_short} at {time}", "16 Mar 2021 at 23:05"],
  ["{time_secs}", "23:05:09"],
  ["{date_long}", "Tuesday 16 March 2021"],
  ["{nonsense} {time}", "{nonsense} 23:05"],
])("%s is filled in for a reader in London", (format, shown) => {
  expect(formatDateToken(at, format, { zone: "Europe/London", now: at + 7 * 86_400 })).toBe(shown);
});

test("the same instant is another day for a reader further east", () => {
  const shown = (zone: string): string => formatDateToken(at, "{date_num} {time}", { zone, now: at });
  expect(shown("Asia/Kolkata")).toBe("2021-03-17 04:35");
  expect(shown("America/New_York")).toBe("2021-03-16 19:05");
});

test("days near the reader's own are named", () => {
  const shown = (now: number): string => formatDateToken(at, "{date_short_pretty}", { zone: "UTC", now });
  expect(shown(at)).toBe("today");
  expect(shown(at + 3_600)).toBe("yesterday");
  expect(shown(at - 86_400)).toBe("tomorrow");
  expect(shown(at + 3 * 86_400)).toBe("16 Mar 2021");
});

test("{ago} counts in the largest whole unit", () => {
  const shown = (passed: number): string => formatDateToken(at, "{ago}", { zone: "UTC", now: at + passed });
  expect(shown(20)).toBe("just now");
  expect(shown(60)).toBe("1 minute ago");
  expect(shown(7_300)).toBe("2 hours ago");
  expect(shown(-7_300)).toBe("in 2 hours");
});
