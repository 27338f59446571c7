. /tmp/sst/env.sh
for p in "$@"; do PYTHONPATH=$PYTHONPATH:/tmp/sst CPUOUT=/tmp/sst/$p.json bash -c "time nice -n 5 pytest -q -p cpuplug $(part $p)" > /tmp/sst/$p.log 2>&1; echo $p done >> /tmp/sst/progress; done
