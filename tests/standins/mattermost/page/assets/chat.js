// Keeps the page in step with the stand-in: one view is asked for at a time, and answered with news.
"use strict";

const PAUSE_MS = 150; // between views, so that a flood of messages does not become one of requests
const RETRY_MS = 2000; // after a view that failed
const PAGE_SIZE = 50;
const NEAR_BOTTOM_PX = 120;
const CONTINUED_MS = 5 * 60 * 1000; // messages of one author this close share a headline

const channelPath = (name) => `/${document.body.dataset.team}/channels/${name}`;
const find = (id) => document.getElementById(id);
const list = find("list");
const scroller = find("posts");

const state = {
  channel: document.body.dataset.channel,
  wantedPost: document.body.dataset.post,
  bootId: "",
  version: -1,
  limit: PAGE_SIZE,
  shown: "", // the channel whose posts stand in the list
  revisions: new Map(), // post id → revision that stands in the list
  openThreads: new Set(),
  channelNames: new Set(),
  request: null,
  viewer: localStorage.getItem("standin-viewer") || "",
  people: [],
  channelId: "",
  teamId: "",
  replyTo: "", // the root of the thread that is written in
  pressed: new Set(), // posts whose thread opens if an answer for the viewer comes in
};

function loadSeen(bootId) {
  const stored = JSON.parse(localStorage.getItem("standin-seen") || "{}");
  return stored.bootId === bootId ? stored.counts : {};
}

function saveSeen(bootId, counts) {
  localStorage.setItem("standin-seen", JSON.stringify({ bootId, counts }));
}

async function fetchView() {
  const query = new URLSearchParams({
    channel: state.channel,
    boot_id: state.bootId,
    version: state.version,
    limit: state.limit,
    viewer: state.viewer,
  });
  state.request = new AbortController();
  const answer = await fetch(`/_chat/view?${query}`, { signal: state.request.signal });
  if (!answer.ok) throw new Error(`the view was answered with ${answer.status}`);
  return answer.json();
}

async function follow() {
  for (;;) {
    try {
      show(await fetchView());
      setLive(true);
      await pause(PAUSE_MS);
    } catch (error) {
      if (error.name === "AbortError") continue;
      setLive(false);
      await pause(RETRY_MS);
    }
  }
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function setLive(isLive) {
  find("live").classList.toggle("is-lost", !isLive);
  find("live-text").textContent = isLive ? "Live" : "Reconnecting…";
}

function show(view) {
  if (view.boot_id !== state.bootId) state.openThreads.clear();
  state.bootId = view.boot_id;
  state.version = view.version;
  state.channel = view.channel.name;
  state.channelNames = new Set(view.channels.map((channel) => channel.name));
  const counts = loadSeen(view.boot_id);
  counts[view.channel.name] = view.channel.count;
  saveSeen(view.boot_id, counts);
  state.channelId = view.channel.id;
  state.teamId = view.team_id;
  showPeople(view.people.filter((one) => one.kind !== "bot"));
  showChannels(view, counts);
  showTitle(view, counts);
  showPosts(view);
}

/** The first time the page belongs to somebody without any privilege. */
function showPeople(people) {
  const isKnown = people.some((one) => one.username === state.viewer);
  if (JSON.stringify(people) === JSON.stringify(state.people) && isKnown) return;
  state.people = people;
  if (!isKnown) setViewer((people.find((one) => one.username !== "admin") || people[0]).username);
  find("who").replaceChildren(
    ...people.map((one) => {
      const suffix = one.kind === "guest" ? " (guest)" : "";
      return new Option(one.username + suffix, one.username, false, one.username === state.viewer);
    }),
  );
}

function setViewer(username) {
  state.viewer = username;
  localStorage.setItem("standin-viewer", username);
  lookAgain();
}

function lookAgain() {
  state.version = -1;
  state.request?.abort();
}

function unreadOf(channel, counts) {
  return Math.max(0, channel.count - (counts[channel.name] || 0));
}

function showChannels(view, counts) {
  const people = view.channels.filter((one) => one.kind === "D" || one.kind === "G");
  const places = view.channels.filter((one) => !people.includes(one));
  find("channels").replaceChildren(...places.map((one) => channelRow(one, view, counts)));
  find("people").replaceChildren(...people.map((one) => channelRow(one, view, counts)));
  find("people-part").hidden = people.length === 0;
  const others = view.channels.filter((one) => one.name !== view.channel.name);
  find("unread-dot").hidden = !others.some((one) => unreadOf(one, counts) > 0);
}

function channelRow(channel, view, counts) {
  const row = document.createElement("li");
  const link = document.createElement("a");
  const isShown = channel.name === view.channel.name;
  const unread = isShown ? 0 : unreadOf(channel, counts);
  link.href = channelPath(channel.name);
  link.dataset.channel = channel.name;
  if (isShown) link.setAttribute("aria-current", "page");
  link.classList.toggle("is-unread", unread > 0);
  link.classList.toggle("is-archived", channel.is_archived);
  link.append(signOf(channel), element("span", "name", channel.title));
  if (!channel.has_bot) link.title = "The hub's bot is not a member of this channel";
  if (unread > 0) {
    const badge = element("span", "count", unread > 99 ? "99+" : String(unread));
    badge.setAttribute("aria-label", `${unread} unread`);
    link.append(badge);
  }
  row.append(link);
  return row;
}

function signOf(channel) {
  const isPrivate = channel.kind === "P";
  const sign = element("span", "sign", channel.kind === "O" ? "~" : "@");
  sign.setAttribute("aria-hidden", "true");
  if (isPrivate) sign.replaceChildren(find("lock").content.cloneNode(true));
  return sign;
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function showTitle(view, counts) {
  const { channel } = view;
  find("title").textContent = channel.title;
  const facts = [channel.purpose];
  if (channel.is_archived) facts.unshift("Archived");
  if (!channel.has_bot && channel.purpose.indexOf("hub") < 0) facts.push("the hub's bot is no member");
  find("text").placeholder = `Write to ${channel.title}, or type a /command`;
  find("purpose").textContent = facts.filter(Boolean).join(" · ");
  const unread = view.channels.reduce((sum, one) => sum + unreadOf(one, counts), 0);
  document.title = `${unread ? `(${unread}) ` : ""}${channel.title} · Stand-in chat`;
}

function showPosts(view) {
  const isNewChannel = state.shown !== `${view.boot_id} ${view.channel.name}`;
  const isAtBottom =
    scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_BOTTOM_PX;
  if (isNewChannel) {
    list.replaceChildren();
    state.revisions.clear();
    state.shown = `${view.boot_id} ${view.channel.name}`;
  }
  const hasNews = updateList(view.posts, !isNewChannel);
  groupPosts();
  find("empty").hidden = view.posts.length > 0;
  find("empty-text").textContent = view.channel.has_bot
    ? `Send something to ${view.channel.title} through the hub, and it appears here by itself.`
    : "The hub's bot is not a member of this channel, so nothing it sends can arrive here.";
  find("earlier").hidden = view.earlier_count === 0;
  find("earlier").textContent = `Show earlier messages (${view.earlier_count} more)`;
  scroller.setAttribute("aria-busy", "false");
  if (state.wantedPost) goToPost(state.wantedPost);
  else if (isNewChannel || isAtBottom) scrollToBottom();
  else if (hasNews) find("jump").hidden = false;
}

/** Replace only what changed, so that selections and open threads stay. Tells whether posts came. */
function updateList(posts, isAnimated) {
  const wanted = new Set(posts.map((post) => post.id));
  for (const article of [...list.querySelectorAll(":scope > article")]) {
    if (!wanted.has(article.id.slice(5))) article.remove();
  }
  let hasNews = false;
  let previous = null;
  for (const post of posts) {
    let article = find(`post-${post.id}`);
    if (!article || state.revisions.get(post.id) !== post.revision) {
      const fresh = parsePost(post);
      fresh.classList.toggle("is-new", isAnimated && !article);
      hasNews ||= !article;
      if (article) replacePost(article, fresh);
      else if (previous) previous.after(fresh);
      else list.prepend(fresh);
      article = fresh;
      state.revisions.set(post.id, post.revision);
    }
    previous = article;
  }
  return hasNews;
}

/** The keyboard stays where it was. */
function replacePost(article, fresh) {
  const held = article.contains(document.activeElement) ? document.activeElement : null;
  article.replaceWith(fresh);
  if (!held) return;
  const owner = held.closest("article").id;
  const place = owner === fresh.id ? fresh : fresh.querySelector(`[id="${owner}"]`);
  const same = held.dataset.action
    ? place?.querySelector(`[data-action="${CSS.escape(held.dataset.action)}"]:enabled`)
    : place?.querySelector(held.matches("[data-thread]") ? "[data-thread]" : "[data-reply]");
  (same || fresh.querySelector("[data-reply]"))?.focus({ preventScroll: true });
}

function parsePost(post) {
  const holder = document.createElement("template");
  holder.innerHTML = post.html.trim();
  const article = holder.content.querySelector("article");
  for (const time of article.querySelectorAll("time")) localize(time);
  for (const span of article.querySelectorAll("span.channel")) linkChannel(span);
  article.classList.toggle("is-answered", post.id === state.replyTo);
  if (state.pressed.has(post.id) && article.querySelector(".thread .is-ephemeral")) {
    state.pressed.delete(post.id);
    state.openThreads.add(post.id);
  }
  if (state.openThreads.has(post.id)) setThread(article, true);
  return article;
}

/** `~name` becomes a link where there is such a channel. */
function linkChannel(span) {
  const name = span.textContent.slice(1).toLowerCase();
  if (!state.channelNames.has(name)) return;
  const link = element("a", "channel", span.textContent);
  link.href = channelPath(name);
  link.dataset.channel = name;
  span.replaceWith(link);
}

function localize(time) {
  const at = new Date(time.dateTime);
  time.textContent = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  time.title = at.toLocaleString([], { dateStyle: "full", timeStyle: "medium" });
}

/** Day lines, and one headline for messages that follow each other closely. */
function groupPosts() {
  for (const line of list.querySelectorAll(".day")) line.remove();
  let last = null;
  for (const article of [...list.querySelectorAll(":scope > article")]) {
    const at = new Date(article.dataset.at);
    const isNewDay = !last || last.at.toDateString() !== at.toDateString();
    const isContinued =
      !isNewDay &&
      article.hasAttribute("data-is-plain") &&
      last.author === article.dataset.author &&
      at - last.at < CONTINUED_MS;
    if (isNewDay) article.before(dayLine(at));
    article.classList.toggle("is-continued", isContinued);
    last = { at, author: article.dataset.author };
  }
}

function dayLine(at) {
  const today = new Date();
  const yesterday = new Date(today.getTime() - 24 * 60 * 60 * 1000);
  let name = at.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" });
  if (at.toDateString() === today.toDateString()) name = "Today";
  if (at.toDateString() === yesterday.toDateString()) name = "Yesterday";
  return element("p", "day", name);
}

function scrollToBottom() {
  scroller.scrollTop = scroller.scrollHeight;
  find("jump").hidden = true;
}

function goToPost(postId) {
  const article = find(`post-${postId}`);
  state.wantedPost = "";
  if (!article) return;
  const root = article.closest("#list > article");
  if (root && root !== article) setThread(root, true);
  article.classList.add("is-wanted");
  article.scrollIntoView({ block: "center" });
}

function setThread(article, isOpen) {
  const button = article.querySelector("[data-thread]");
  if (!button) return;
  button.setAttribute("aria-expanded", String(isOpen));
  article.querySelector(".thread").hidden = !isOpen;
  const id = article.id.slice(5);
  if (isOpen) state.openThreads.add(id);
  else state.openThreads.delete(id);
}

function openChannel(name) {
  history.pushState({}, "", channelPath(name));
  enterChannel(name);
}

function enterChannel(name) {
  state.channel = name;
  state.limit = PAGE_SIZE;
  setSidebar(false);
  setPanel(null);
  setReplyTo(null);
  report("");
  lookAgain();
}

/** A call as the client of the chosen person makes it; a refusal becomes an Error. */
async function callApi(path, body) {
  const person = state.people.find((one) => one.username === state.viewer);
  const answer = await fetch(`/api/v4${path}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${person.token}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  const value = text.startsWith("{") ? JSON.parse(text) : {};
  if (!answer.ok) throw new Error(`${value.message || "Refused."} (${answer.status})`);
  return value;
}

function report(text, isProblem = false) {
  find("outcome").textContent = text;
  find("outcome").classList.toggle("is-problem", isProblem);
}

/** What was typed stays until it has arrived. */
async function send() {
  const text = find("text").value.trim();
  if (!text || find("send").disabled) return;
  const place = { channel_id: state.channelId, root_id: state.replyTo };
  find("send").disabled = true;
  report("Sending…");
  if (state.replyTo) state.openThreads.add(state.replyTo);
  try {
    if (text.startsWith("/")) {
      await callApi("/commands/execute", { ...place, team_id: state.teamId, command: text });
    } else await callApi("/posts", { ...place, message: text });
    find("text").value = "";
    fitText();
    report("");
    if (!place.root_id) scrollToBottom();
  } catch (error) {
    report(error.message, true);
  }
  find("send").disabled = false;
}

async function press(control) {
  const article = control.closest("article");
  const postId = article.id.slice(5);
  const name = control.getAttribute("aria-label") || control.textContent.trim();
  state.pressed.add((article.closest("#list > article") || article).id.slice(5));
  const body = control.tagName === "SELECT" ? { selected_option: control.value } : {};
  control.setAttribute("aria-busy", "true");
  report(`${name}…`);
  try {
    const path = `/posts/${postId}/actions/${encodeURIComponent(control.dataset.action)}`;
    const answer = await callApi(path, body);
    const problem = answer.error?.message;
    report(problem || `${name}: done`, Boolean(problem));
  } catch (error) {
    report(error.message, true);
  }
  control.removeAttribute("aria-busy");
}

function setReplyTo(article) {
  for (const one of list.querySelectorAll(".is-answered")) one.classList.remove("is-answered");
  state.replyTo = article ? article.id.slice(5) : "";
  find("replying").hidden = !article;
  if (!article) return;
  report("");
  article.classList.add("is-answered");
  const text = article.querySelector(".card-title, .body > *")?.textContent.trim();
  find("replying-to").textContent = text || article.dataset.author;
  find("text").focus();
}

function fitText() {
  const box = find("text");
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight}px`;
}

function setSidebar(isOpen) {
  find("sidebar").classList.toggle("is-open", isOpen);
  find("shade").hidden = !isOpen;
  find("open-sidebar").setAttribute("aria-expanded", String(isOpen));
}

function setPanel(content) {
  find("panel").hidden = content === null;
  if (content === null) find("panel-body").replaceChildren();
  else {
    find("panel-body").replaceChildren(content);
    find("close-panel").focus({ preventScroll: true });
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-channel]");
  if (link && !event.metaKey && !event.ctrlKey) {
    event.preventDefault();
    openChannel(link.dataset.channel);
  }
  const thread = event.target.closest("[data-thread]");
  if (thread) setThread(thread.closest("article"), thread.getAttribute("aria-expanded") !== "true");
  const reply = event.target.closest("[data-reply]");
  if (reply) setReplyTo(reply.closest("article"));
  const button = event.target.closest("button[data-action]");
  if (button && !button.hasAttribute("aria-busy")) press(button);
  const details = event.target.closest("[data-details]");
  if (details) {
    const place = details.closest(".post-main").querySelector(":scope > template.details");
    setPanel(place.content.cloneNode(true));
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (find("panel").hidden && !find("sidebar").classList.contains("is-open")) setReplyTo(null);
  setPanel(null);
  setSidebar(false);
});
document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-action]") && event.target.value) press(event.target);
});
find("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
find("text").addEventListener("input", fitText);
find("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
});
find("who").addEventListener("change", () => setViewer(find("who").value));
find("stop-replying").addEventListener("click", () => {
  setReplyTo(null);
  find("text").focus();
});
scroller.addEventListener("scroll", () => {
  const left = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
  if (left < NEAR_BOTTOM_PX) find("jump").hidden = true;
});
window.addEventListener("popstate", () => {
  enterChannel(location.pathname.split("/channels/")[1] || "");
});
find("open-sidebar").addEventListener("click", () => setSidebar(true));
find("close-sidebar").addEventListener("click", () => setSidebar(false));
find("shade").addEventListener("click", () => setSidebar(false));
find("close-panel").addEventListener("click", () => setPanel(null));
find("jump").addEventListener("click", scrollToBottom);
find("earlier").addEventListener("click", () => {
  state.limit += PAGE_SIZE;
  lookAgain();
});
follow();
