// Format numbers and times, by the rules of report/format.py. Unknown is never zero.
"use strict";

const UNKNOWN = "unknown";
const NONE = "–";
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const SCALES = [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "k"]];

function money(usd) {
  if (usd === null || usd === undefined) return UNKNOWN;
  const sign = usd < 0 ? "-" : "";
  const size = Math.abs(usd);
  if (size === 0) return "$0";
  if (size >= 0.9995) {
    return sign + "$" + size.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  }
  if (size < 5e-7) return sign + "<$0.000001";
  return sign + "$" + size.toFixed(Math.min(8, 2 - Math.floor(Math.log10(size))));
}

// The same for the ticks of an axis, without the digits that all ticks share.
function roundMoney(usd) {
  const digits = usd === 0 || Math.abs(usd) >= 10 ? 0 : Math.min(8, 1 - Math.floor(Math.log10(Math.abs(usd))));
  return "$" + usd.toLocaleString("en-US", { maximumFractionDigits: digits });
}

function roundAmount(number) {
  return Number.isInteger(number) ? amount(number).replace(/\.0+(?=\D)|(?<=\.\d)0(?=\D)/, "") : "";
}

function roundSeconds(value) {
  return value === 0 ? "0" : seconds(value).replace(".0 ", " ");
}

function amount(number) {
  if (number === null || number === undefined) return UNKNOWN;
  if (number < 10000) return number.toLocaleString("en-US");
  const [scale, letter] = SCALES.find(([size]) => number >= size * 0.9995);
  const value = number / scale;
  return value.toFixed(2 - (value >= 9.995) - (value >= 99.95)) + letter;
}

function share(part, whole) {
  if (!whole) return NONE;
  const percent = (part / whole) * 100;
  if (percent > 0 && percent < 0.1) return "<0.1%";
  if (percent > 99.9 && percent < 100) return ">99.9%";
  const plain = percent === 0 || percent === 100 || (percent >= 10 && percent < 99);
  return percent.toFixed(plain ? 0 : 1) + "%";
}

function seconds(value) {
  if (value === null || value === undefined) return NONE;
  if (value < 1) return (value * 1000).toFixed(value > 0 && value < 0.00995 ? 1 : 0) + " ms";
  return value < 100 ? value.toFixed(1) + " s" : Math.round(value).toLocaleString("en-US") + " s";
}

function one(what) {
  return what.startsWith("ten") ? what : (what === "hour" ? "an " : "a ") + what;
}

function many(number, what) {
  return amount(number) + " " + what + (number === 1 ? "" : "s");
}

// "2026-11-23", "2026-11-23T10", "2026-11-23T10:3" or "2026-11" for an axis; tables have the year.
function shortTime(bucket) {
  const [year, month, day] = bucket.slice(0, 10).split("-");
  const name = MONTHS[Number(month) - 1] || month;
  if (day === undefined) return name + " " + year;
  return bucket.length > 10 ? clockTime(bucket) : Number(day) + " " + name;
}

// "10:00", "10:30" or "10:34" for a bucket of an hour, of ten minutes, or of one.
function clockTime(bucket) {
  return bucket.slice(11) + ":00".slice(bucket.length - 13);
}

function spanOf(axis) {
  const [first, last] = [longBucket(axis[0]), longBucket(axis[axis.length - 1])];
  return first === last ? first : `${first} to ${last}`;
}

function longTime(time) {
  return time ? time.slice(0, 10) + " " + time.slice(11, 19) : NONE;
}

function longBucket(bucket) {
  return bucket.length > 10 ? bucket.slice(0, 10) + " " + clockTime(bucket) : bucket;
}

// A partly unknown cost is shown as a lower bound.
function atLeast(usd, unpriced) {
  if (!unpriced) return money(usd);
  return usd ? "≥ " + money(usd) : UNKNOWN;
}

function cut(text, letters) {
  return text.length > letters ? text.slice(0, letters - 1) + "…" : text;
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}
