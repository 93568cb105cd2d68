// Draws the chosen loss surface on a canvas; it turns with the pointer and the arrow keys.
"use strict";
{
  const figure = document.getElementById("surfaces");
  const { surfaces, scales, colours } = JSON.parse(figure.querySelector("script").textContent);
  const selects = [...figure.querySelectorAll("select")];
  const canvas = figure.querySelector("canvas");
  const context = canvas.getContext("2d");
  const TALL = 0.7; // half the height of the box, in units of half its width
  const view = { azimuth: -55, elevation: 28 }; // degrees
  let shown, scale;

  function choose() {
    let left = surfaces;
    for (const select of selects) {
      const names = [...new Set(left.map((surface) => surface[select.name]))];
      const kept = names.includes(select.value) ? select.value : names.at(select.name === "step" ? -1 : 0);
      select.replaceChildren(...names.map((name) => new Option(name, name, false, name === kept)));
      left = left.filter((surface) => surface[select.name] === kept);
    }
    shown = left[0];
    scale = scales[shown.experiment][shown.plane];
    const losses = shown.heights.flat().filter((height) => height !== null).map((height) => 10 ** height);
    const range = losses.length ? `${Math.min(...losses).toPrecision(2)} to ${Math.max(...losses).toPrecision(2)}` : "none";
    canvas.setAttribute("aria-label", `Loss surface of ${selects.map((select) => select.value).join(", ")}: ${range} nat`);
    draw();
  }

  const share = (value, low, high) => (value - low) / (high - low);
  const wide = (value, ends) => 2 * share(value, ends[0], ends.at(-1)) - 1;
  const tall = (height) => TALL * (2 * share(height, scale.low, scale.high) - 1);

  // Where a point of the box lies on the canvas, and how near it is.
  function project(x, y, z) {
    const [turn, tilt] = [view.azimuth, view.elevation].map((angle) => (angle * Math.PI) / 180);
    const near = x * Math.cos(turn) + y * Math.sin(turn);
    const size = Math.min(canvas.clientWidth / 3.6, canvas.clientHeight / 2.9);
    return {
      x: canvas.clientWidth / 2 + size * (y * Math.cos(turn) - x * Math.sin(turn)),
      y: canvas.clientHeight / 2 - size * (z * Math.cos(tilt) - near * Math.sin(tilt)),
      near: near * Math.cos(tilt) + z * Math.sin(tilt),
    };
  }

  function trace(points) {
    context.beginPath();
    points.forEach((point) => context.lineTo(point.x, point.y));
  }

  function write(text, point, align, dx, dy) {
    context.fillStyle = "#1c1c1c";
    context.textAlign = align;
    context.textBaseline = "middle";
    context.fillText(text, point.x + dx, point.y + dy);
  }

  function drawFrame() {
    const corners = [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([x, y]) => ({ at: [x, y], ...project(x, y, -TALL) }));
    context.strokeStyle = "#a0a0a0";
    trace([...corners, corners[0]]);
    context.stroke();
    const left = corners.reduce((one, other) => (other.x < one.x ? other : one));
    trace([left, project(...left.at, TALL)]);
    context.stroke();
    for (const [height, label] of scale.ticks) write(label, project(...left.at, tall(height)), "right", -6, 0);
    write("loss (nat)", project(...left.at, TALL), "center", 0, -16);
    const nearest = corners.reduce((one, other) => (other.near > one.near ? other : one));
    for (const [axis, ends] of [shown.alpha, shown.beta].entries()) {
      const other = nearest.at[1 - axis];
      const along = (value, out) => project(...(axis ? [other * out, value] : [value, other * out]), -TALL);
      write(`direction ${axis + 1}`, along(0, 1.4), "center", 0, 8);
      for (const value of [-0.9, 0, 0.9]) {
        const shownAt = (ends[0] + ends.at(-1)) / 2 + (Math.sign(value) * (ends.at(-1) - ends[0])) / 2;
        write(String(Math.round(100 * shownAt) / 100).replace("-", "\u2212"), along(value, 1.12), "center", 0, 6);
      }
    }
  }

  function drawFaces() {
    const points = shown.heights.map((row, i) =>
      row.map((height, j) => height !== null && project(wide(shown.alpha[i], shown.alpha), wide(shown.beta[j], shown.beta), tall(height))),
    );
    const faces = [];
    for (let i = 1; i < points.length; i++) {
      for (let j = 1; j < points[i].length; j++) {
        const around = [[i - 1, j - 1], [i - 1, j], [i, j], [i, j - 1]];
        const corners = around.map(([k, l]) => points[k][l]);
        const mean = around.reduce((sum, [k, l]) => sum + shown.heights[k][l] / 4, 0);
        if (corners.every(Boolean)) faces.push({ corners, mean, near: corners.reduce((sum, corner) => sum + corner.near, 0) });
      }
    }
    faces.sort((one, other) => one.near - other.near);
    for (const { corners, mean } of faces) {
      const place = Math.round(share(mean, scale.low, scale.high) * (colours.length - 1));
      context.fillStyle = context.strokeStyle = colours[Math.min(Math.max(place, 0), colours.length - 1)];
      trace([...corners, corners[0]]);
      context.fill();
      context.stroke(); // closes the seams between faces
      context.strokeStyle = "rgb(255 255 255 / 0.25)";
      context.stroke();
    }
  }

  // The point of the surface at given coordinates, between grid points in proportion; none outside or where one is missing.
  function onSurface(alpha, beta) {
    const cell = (value, grid) => Math.min(Math.floor(share(value, grid[0], grid.at(-1)) * (grid.length - 1)), grid.length - 2);
    const [i, j] = [cell(alpha, shown.alpha), cell(beta, shown.beta)];
    if (i < 0 || j < 0 || alpha > shown.alpha.at(-1) || beta > shown.beta.at(-1)) return null;
    const [s, t] = [share(alpha, shown.alpha[i], shown.alpha[i + 1]), share(beta, shown.beta[j], shown.beta[j + 1])];
    const [[a, b], [c, d]] = [shown.heights[i], shown.heights[i + 1]].map((row) => [row[j], row[j + 1]]);
    if ([a, b, c, d].includes(null)) return null;
    const height = (1 - s) * ((1 - t) * a + t * b) + s * ((1 - t) * c + t * d);
    return project(wide(alpha, shown.alpha), wide(beta, shown.beta), tall(height));
  }

  function drawMarks() {
    const path = shown.path.map(([alpha, beta]) => onSurface(alpha, beta)).filter(Boolean);
    const dots = [...path, onSurface(0, 0)].filter(Boolean);
    for (const [colour, width, radius] of [["#ffffff", 4, 4.5], ["#b2182b", 2, 3]]) {
      context.strokeStyle = context.fillStyle = colour;
      context.lineWidth = width;
      trace(path);
      context.stroke();
      for (const [place, dot] of dots.entries()) {
        context.beginPath();
        context.arc(dot.x, dot.y, place === dots.length - 1 ? radius + 1 : radius / 1.5, 0, 2 * Math.PI);
        context.fill();
      }
    }
  }

  function draw() {
    const density = window.devicePixelRatio || 1;
    canvas.width = Math.round(canvas.clientWidth * density);
    canvas.height = Math.round(canvas.clientHeight * density);
    context.scale(density, density);
    context.font = "12px system-ui, sans-serif";
    context.lineJoin = "round";
    context.lineWidth = 0.7;
    drawFrame();
    drawFaces();
    drawMarks();
  }

  function turn(across, down) {
    view.azimuth = (view.azimuth - across) % 360;
    view.elevation = Math.min(Math.max(view.elevation + down, 0), 90);
    draw();
  }

  selects.forEach((select) => select.addEventListener("change", choose));
  canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
  canvas.addEventListener("pointermove", (event) => event.buttons && turn(event.movementX / 2, event.movementY / 2));
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-5, 0], ArrowRight: [5, 0], ArrowUp: [0, -5], ArrowDown: [0, 5] }[event.key];
    if (!step) return;
    event.preventDefault();
    turn(...step);
  });
  new ResizeObserver(draw).observe(canvas);
  choose();
}
