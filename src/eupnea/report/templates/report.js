"use strict";
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);

  for (const table of document.querySelectorAll("table.sortable")) {
    table.querySelectorAll("th").forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      table.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = (row) => {
        const cell = row.cells[column];
        return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
      };
      const compare = (a, b) => {
        const [x, y] = [key(a), key(b)];
        if (typeof x === "number" && typeof y === "number") return x - y;
        if (typeof x === "number") return -1;
        if (typeof y === "number") return 1;
        return x.localeCompare(y);
      };
      const body = table.tBodies[0];
      [...body.rows].sort((a, b) => (up ? 1 : -1) * compare(a, b)).forEach((row) => body.append(row));
    }));
  }

  const fit = (canvas) => {
    canvas.dataset.height = canvas.dataset.height || canvas.getAttribute("height");
    const scale = window.devicePixelRatio || 1, width = canvas.clientWidth, height = Number(canvas.dataset.height);
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.style.height = height + "px";
    const context = canvas.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    return { context, width, height };
  };

  class Viewer {
    constructor(box, data) {
      this.box = box;
      this.data = data;
      this.canvas = box.querySelector("canvas");
      this.output = box.querySelector("output");
      this.values = data.values;
      this.limits = [data.start_s, data.start_s + data.values.length / data.hz];
      const middle = (this.limits[0] + this.limits[1]) / 2, half = Math.min(30, middle - this.limits[0]);
      this.view = [middle - half, middle + half];
      box.querySelectorAll("button").forEach((button) =>
        button.addEventListener("click", () => this.move(button.dataset.do)));
      this.canvas.addEventListener("wheel", (event) => {
        if (!event.ctrlKey && !event.shiftKey) return;
        event.preventDefault();
        const share = event.offsetX / this.canvas.clientWidth;
        this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.view[0] + share * (this.view[1] - this.view[0]));
      }, { passive: false });
      this.canvas.addEventListener("pointerdown", (event) => { this.drag = event.clientX; this.canvas.setPointerCapture(event.pointerId); });
      this.canvas.addEventListener("pointerup", () => { this.drag = undefined; });
      this.canvas.addEventListener("pointermove", (event) => {
        if (this.drag === undefined) return;
        this.shift(-(event.clientX - this.drag) / this.canvas.clientWidth * (this.view[1] - this.view[0]));
        this.drag = event.clientX;
      });
      this.canvas.addEventListener("keydown", (event) => {
        const key = { ArrowLeft: "left", ArrowRight: "right", "+": "in", "-": "out" }[event.key];
        if (key) { event.preventDefault(); this.move(key); }
      });
      this.draw();
    }

    move(what) {
      const middle = (this.view[0] + this.view[1]) / 2, width = this.view[1] - this.view[0];
      if (what === "in") this.zoom(0.5, middle);
      if (what === "out") this.zoom(2, middle);
      if (what === "left") this.shift(-width / 2);
      if (what === "right") this.shift(width / 2);
      if (what === "all") { this.view = [...this.limits]; this.draw(); }
    }

    zoom(factor, middle) {
      const width = Math.max(2, Math.min(this.limits[1] - this.limits[0], factor * (this.view[1] - this.view[0])));
      this.view = [middle - width / 2, middle + width / 2];
      this.shift(0);
    }

    shift(by) {
      const width = this.view[1] - this.view[0];
      const start = Math.max(this.limits[0], Math.min(this.limits[1] - width, this.view[0] + by));
      this.view = [start, start + width];
      this.draw();
    }

    draw() {
      const { context, width, height } = fit(this.canvas);
      const [from, to] = this.view, { hz, start_s: start } = this.data;
      const x = (time) => (time - from) / (to - from) * width;
      const top = 14, heart = this.data.heart, floor = height - 34;
      const bottom = heart ? Math.round(0.56 * height) : floor;
      const y = (value) => bottom - (value - this.data.low) / (this.data.high - this.data.low || 1) * (bottom - top);
      context.clearRect(0, 0, width, height);
      for (const [a, b, usable] of this.data.epochs) {
        if (b < from || a > to) continue;
        context.fillStyle = usable ? "#e8f3ec" : "#fbe3e0";
        context.fillRect(x(a), 0, x(b) - x(a), bottom + 8);
      }
      const curve = (values, begin, rate, place, colour) => {
        context.strokeStyle = colour;
        context.lineWidth = 1.3;
        context.beginPath();
        const first = Math.max(0, Math.floor((from - begin) * rate)), last = Math.min(values.length - 1, Math.ceil((to - begin) * rate));
        const step = Math.max(1, Math.floor((last - first) / (4 * width)));
        let pen = false;
        for (let i = first; i <= last; i += step) {
          if (values[i] === null) { pen = false; continue; }
          const px = x(begin + i / rate), py = place(values[i]);
          if (pen) context.lineTo(px, py); else context.moveTo(px, py);
          pen = true;
        }
        context.stroke();
      };
      const tick = (times, colour, low, high) => {
        context.strokeStyle = colour;
        context.lineWidth = 1;
        context.beginPath();
        for (const time of times) {
          if (time < from || time > to) continue;
          context.moveTo(x(time), low);
          context.lineTo(x(time), high);
        }
        context.stroke();
      };
      curve(this.values, start, hz, y, "#0072b2");
      tick(this.data.inhale, "#009e73", 0, bottom);
      tick(this.data.exhale, "#e69f00", top, bottom);
      tick(this.data.left_out, "#888888", 0, bottom);
      context.fillStyle = "#cc79a7";
      context.font = "11px system-ui, sans-serif";
      for (const time of this.data.sighs) if (time >= from && time <= to) context.fillText("sigh", x(time) + 2, 10);
      const ceiling = heart ? bottom + 16 : height - 32, ground = heart ? floor : height - 20;
      tick(this.data.beats, "#d55e00", ceiling, ground);
      tick(this.data.odd_beats, "#000000", ceiling, ground);
      if (heart) curve(heart.values, heart.start_s, heart.hz, (value) => floor - value / 999 * (floor - bottom - 20), "#56443c");
      context.fillStyle = "#5c5c5c";
      context.font = "11px system-ui, sans-serif";
      const every = [1, 2, 5, 10, 20, 30, 60, 120, 300].find((s) => (to - from) / s <= 10) || 600;
      for (let time = Math.ceil(from / every) * every; time <= to; time += every) context.fillText(time + " s", x(time) + 2, height - 4);
      this.output.textContent = from.toFixed(1) + " to " + to.toFixed(1) + " s";
      this.box.dataset.from = from;
      this.box.dataset.to = to;
    }
  }

  class Plot {
    constructor(canvas, data) {
      this.canvas = canvas;
      this.data = data;
      canvas.addEventListener("pointermove", (event) => this.draw(event.offsetX, event.offsetY));
      canvas.addEventListener("pointerleave", () => this.draw());
      this.draw();
    }

    draw(mx, my) {
      const { context, width, height } = fit(this.canvas);
      const left = 60, bottom = height - 34, right = width - 12, top = 12;
      const { x_range: xr, y_range: yr } = this.data;
      const x = (v) => left + (v - xr[0]) / (xr[1] - xr[0] || 1) * (right - left);
      const y = (v) => bottom - (v - yr[0]) / (yr[1] - yr[0] || 1) * (bottom - top);
      context.clearRect(0, 0, width, height);
      context.strokeStyle = "#999";
      context.strokeRect(left, top, right - left, bottom - top);
      context.fillStyle = "#5c5c5c";
      context.font = "11px system-ui, sans-serif";
      for (let i = 0; i <= 4; i += 1) {
        const vx = xr[0] + i / 4 * (xr[1] - xr[0]), vy = yr[0] + i / 4 * (yr[1] - yr[0]);
        context.textAlign = i === 4 ? "right" : "center";
        context.fillText(Number(vx.toPrecision(3)), x(vx), bottom + 13);
        context.textAlign = "right";
        context.fillText(Number(vy.toPrecision(3)), left - 5, y(vy) + 4);
      }
      context.textAlign = "left";
      context.fillText(this.data.x_label, (left + right) / 2 - 40, height - 5);
      context.save();
      context.translate(10, (top + bottom) / 2 + 40);
      context.rotate(-Math.PI / 2);
      context.fillText(this.data.y_label, 0, -1);
      context.restore();
      if (this.data.diagonal) {
        const a = Math.max(xr[0], yr[0]), b = Math.min(xr[1], yr[1]);
        context.strokeStyle = "#bbb";
        context.beginPath();
        context.moveTo(x(a), y(a));
        context.lineTo(x(b), y(b));
        context.stroke();
      }
      let near = null, best = 144;
      for (const point of this.data.points) {
        const px = x(point[0]), py = y(point[1]);
        context.fillStyle = point[3] || "#0072b2";
        context.beginPath();
        context.arc(px, py, 3.2, 0, 7);
        context.fill();
        const d = mx === undefined ? Infinity : (px - mx) ** 2 + (py - my) ** 2;
        if (d < best) { best = d; near = [px, py, point[2]]; }
      }
      this.canvas.dataset.hover = near ? near[2] : "";
      if (near) {
        context.font = "12px system-ui, sans-serif";
        const w = context.measureText(near[2]).width + 10;
        const bx = Math.min(near[0] + 8, width - w), by = Math.max(near[1] - 26, 2);
        context.fillStyle = "#1b1b1b";
        context.fillRect(bx, by, w, 20);
        context.fillStyle = "#fff";
        context.fillText(near[2], bx + 5, by + 14);
      }
    }
  }

  const viewers = read("viewer-data"), plots = read("plot-data"), drawn = [];
  document.querySelectorAll("[data-viewer]").forEach((box) => drawn.push(new Viewer(box, viewers[Number(box.dataset.viewer)])));
  document.querySelectorAll("[data-plot]").forEach((canvas) => drawn.push(new Plot(canvas, plots[canvas.dataset.plot])));
  window.addEventListener("resize", () => drawn.forEach((one) => one.draw()));
  window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => {
    if (one.querySelectorAll("tbody tr").length <= 100) one.open = true; // hundreds of rows are not for paper
  }));
})();
