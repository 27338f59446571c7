// Read the page's data and show its sections.
"use strict";

startTheme();
const shown = JSON.parse(document.getElementById("data").textContent);
const sections = [showShort, showSpend, showTokens, showFailures, showOutages, showLatency, showKeys, showGroups, showCalls];
showAbout(shown);
for (const show of shown.head.total.requests || shown.head.total.calls || shown.head.events.length ? sections : [showNothing]) show(shown);
document.documentElement.dataset.ready = "true";
