#!/bin/bash
# maquette-sketch on a GPU machine, in SECONDS at most. Usage, in the repository, after the wheels are in /tmp/site:
#   training/sketch/on_gpu.sh OUT SECONDS      # OUT: what comes back; SECONDS: until the parcel must be written
# Pairs are drawn by most cores while a small run of the same shapes fills the compiler's cache and says how fast this machine is;
# the steps of the recipe are then chosen to fit. The recipe that was used comes back too: put it in the place of recipe.toml.
set -eu
out=$1; ends=$((SECONDS + $2))
export PYTHONPATH=${SITE:-/tmp/site}:. PYTHONUNBUFFERED=1 TORCHINDUCTOR_CACHE_DIR=/tmp/inductor
models=${MODELS:-/tmp/models}; work=${WORK:-/tmp/sketch}; probe=${PROBE:-/tmp/probe}
run="python3 -m training.sketch --models $models"
recipe=${RECIPE:-training/sketch/recipe.toml}
mkdir -p "$work" "$probe"
left() { echo $((ends - SECONDS)); }
# value FILE: the speed that a log's last line tells.
value() { tail -n 1 "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["steps_a_second"])'; }

cores=$(nproc); drawing=$((cores > 5 ? cores - 3 : 1))
$run data --work "$work" --recipe "$recipe" --processes "$drawing" > "$work/data.log" 2>&1 &
drawn=$!
# The probe: the same networks, few pairs and steps; only the speed it tells is kept.
sed -e 's/^pairs = .*/pairs = 256/; s/^check = .*/check = 8/; s/^shard = .*/shard = 128/' \
  -e '/^\[vae\]/,/^\[unet\]/ s/^steps = .*/steps = 250/' -e '/^\[unet\]/,/^\[gate\]/ s/^steps = .*/steps = 200/' $recipe > "$probe/recipe.toml"
$run data --work "$probe" --recipe "$probe/recipe.toml" --processes 3 > "$probe/data.log" 2>&1
$run vae --work "$probe" --recipe "$probe/recipe.toml" ; echo "probe of the autoencoder: $(value "$probe/vae.log.jsonl") steps/s, $(left) s left"
$run unet --work "$probe" --recipe "$probe/recipe.toml"; echo "probe of the denoiser: $(value "$probe/unet.log.jsonl") steps/s, $(left) s left"
wait $drawn || { tail -n 20 "$work/data.log"; exit 1; }
tail -n 1 "$work/data.log"; echo "pairs drawn, $(left) s left"
# BESIDE: a command for the idle cores while the GPU learns; its output is its own matter.
if [ -n "${BESIDE:-}" ]; then $BESIDE > /tmp/beside.log 2>&1 & fi

vae=$(python3 -c "print(max(400, min(6000, int($(value "$probe/vae.log.jsonl") * ${VAE_SECONDS:-50}))))")
sed -e "/^\[vae\]/,/^\[unet\]/ s/^steps = .*/steps = $vae/" $recipe > "$out/recipe.toml"
$run vae --work "$work" --recipe "$out/recipe.toml"; echo "autoencoder done, $(left) s left"
# 45 seconds to load, compile from the cache, save and write the parcel.
unet=$(python3 -c "print(max(1000, min(60000, int($(value "$probe/unet.log.jsonl") * ($(left) - 45) * 0.95))))")
sed -i -e "/^\[unet\]/,/^\[gate\]/ s/^steps = .*/steps = $unet/" "$out/recipe.toml"
$run unet --work "$work" --recipe "$out/recipe.toml" --seconds $(($(left) - 20)) || [ $? = 3 ]
echo "denoiser stopped, $(left) s left"
$run parcel --work "$work" --recipe "$out/recipe.toml" --parcel "$out"
ls -la "$out"
