// Light or dark theme, from the system or the button; charts are redrawn on change.
"use strict";

const THEMES = ["auto", "light", "dark"];
const darkSystem = window.matchMedia("(prefers-color-scheme: dark)");
const onTheme = [];

function storedTheme() {
  try {
    const stored = localStorage.getItem("scout-theme");
    return THEMES.includes(stored) ? stored : "auto";
  } catch {
    return "auto"; // a page opened as a file may have no storage
  }
}

function storeTheme(theme) {
  try {
    localStorage.setItem("scout-theme", theme);
  } catch {
    // the theme lasts until the page is closed
  }
}

function isDark() {
  const theme = document.documentElement.dataset.theme;
  return theme === "dark" || (theme === "auto" && darkSystem.matches);
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  const button = document.getElementById("theme");
  button.textContent = "Theme: " + theme;
  button.setAttribute("aria-label", "Theme: " + theme + ". Change it.");
  tellTheme();
}

function tellTheme() {
  for (const hear of onTheme) hear();
}

function startTheme() {
  setTheme(storedTheme());
  document.getElementById("theme").addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme) + 1) % THEMES.length];
    storeTheme(next);
    setTheme(next);
  });
  darkSystem.addEventListener("change", tellTheme);
  startPrinting();
}

// For printing: light colours and a narrow page.
function startPrinting() {
  let before = "auto";
  window.addEventListener("beforeprint", () => {
    before = document.documentElement.dataset.theme;
    document.documentElement.dataset.theme = "light";
    tellTheme();
  });
  window.addEventListener("afterprint", () => setTheme(before));
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}
