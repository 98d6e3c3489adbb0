//! Drives one run: asks the strategy, lets Judge and Coder speak, has the candidate evaluated, and stores every result before it
//! asks again. It keeps no state of its own: what it knows is in the store, so a run that was cut off goes on from there.

use std::sync::Arc;
use std::time::Instant;

use super::event::{Event, RunEvent};
use super::sink::Sink;
use crate::agent::judgement::Judgement;
use crate::agent::{AgentError, Brief, Coder, Draft, Judge};
use crate::candidate::digest;
use crate::search::history::{Candidate, History, Step, StepRecord};
use crate::search::strategy::{Next, StopReason, Strategy};
use crate::store::{Lineage, RunId, Store, StoreError, now_ms};
use crate::target::{Evaluation, Plan, failure_line};
use crate::task::Task;
use crate::worker::pool::{Job, Pool};

/// Everything that a run needs besides its task.
#[derive(Clone)]
pub struct Driver {
    /// Rows.
    pub store: Store,
    /// Commits.
    pub lineage: Arc<Lineage>,
    /// Workers.
    pub pool: Arc<Pool>,
    /// Who diagnoses.
    pub judge: Arc<dyn Judge>,
    /// Who writes.
    pub coder: Arc<dyn Coder>,
    /// Who decides.
    pub strategy: Arc<dyn Strategy>,
    /// Who shows.
    pub sink: Arc<dyn Sink>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Why it stopped.
    pub stop: StopReason,
    /// All of it.
    pub history: History,
}

impl Driver {
    /// Drives a stored run to its end. Safe to call again after a crash; the run's lock keeps a second process away.
    pub async fn drive(&self, run: RunId, task: &Task) -> Result<Outcome, StoreError> {
        let _lock = self.store.lock_run(run)?;
        let device = self.store.run(run).await?.device;
        let history = self.store.history(run).await?;
        self.complete_lineage(run, task, &history).await?;
        self.tell(
            run,
            task,
            RunEvent::RunStarted {
                device: device.clone(),
                strategy: self.strategy.name().into(),
                coder: self.coder.name(),
                judge: self.judge.name(),
                rounds: history.limits.rounds,
                resumed_after: history.steps.len(),
            },
        );
        loop {
            let history = self.store.history(run).await?;
            if let Some(record) = history.pending() {
                let number = record.number;
                self.tell(run, task, RunEvent::StepStarted { number, step: record.step.clone() });
                self.evaluate(run, task, &device, &history, number, Instant::now()).await?;
                continue;
            }
            match self.strategy.next(&history) {
                Next::Stop(stop) => {
                    self.store.finish_run(run, stop.as_str()).await?;
                    self.tell(run, task, ended(&history, stop));
                    return Ok(Outcome { stop, history });
                }
                Next::Steps(steps) => {
                    for step in steps {
                        let history = self.store.history(run).await?;
                        self.execute(run, task, &device, &history, step).await?;
                    }
                }
            }
        }
    }

    fn tell(&self, run: RunId, task: &Task, kind: RunEvent) {
        self.sink.show(&Event { time_ms: now_ms(), run: run.to_string(), task: task.id.clone(), kind });
    }

    async fn execute(
        &self,
        run: RunId,
        task: &Task,
        device: &str,
        history: &History,
        step: Step,
    ) -> Result<(), StoreError> {
        let started = Instant::now();
        let started_ms = now_ms();
        let number = u32::try_from(history.steps.len()).unwrap_or(u32::MAX);
        self.tell(run, task, RunEvent::StepStarted { number, step: step.clone() });
        let mut record = StepRecord {
            number,
            step: step.clone(),
            judgement: None,
            candidate: None,
            note: None,
            exhausted: false,
            seconds: None,
        };
        match self.draft(run, task, history, &step, number, &mut record.judgement).await {
            Ok(draft) => {
                let source_digest = digest(&draft.source);
                self.tell(
                    run,
                    task,
                    RunEvent::CandidateWritten {
                        number,
                        agent: draft.agent.clone(),
                        summary: draft.summary.clone(),
                        digest: source_digest.clone(),
                    },
                );
                record.candidate = Some(Candidate {
                    source: draft.source,
                    digest: source_digest,
                    agent: draft.agent,
                    summary: draft.summary,
                    evaluation: None,
                    cached: false,
                });
                self.commit(run, task, &record, started_ms)?;
                self.store.add_step(run, &record, started_ms).await?;
                let history = self.store.history(run).await?;
                self.evaluate(run, task, device, &history, number, started).await
            }
            Err(error) => {
                let note = error.to_string();
                self.tell(run, task, RunEvent::NoCandidate { number, note: note.clone() });
                record.exhausted = matches!(error, AgentError::Exhausted(_));
                record.note = Some(note);
                record.seconds = Some(started.elapsed().as_secs_f64());
                self.store.add_step(run, &record, started_ms).await
            }
        }
    }

    async fn draft(
        &self,
        run: RunId,
        task: &Task,
        history: &History,
        step: &Step,
        number: u32,
        judgement: &mut Option<Judgement>,
    ) -> Result<Draft, AgentError> {
        if *step == Step::Seed {
            let (source, summary) = if number == 0 {
                (&task.reference, "the task's reference")
            } else {
                (task.start.as_ref().unwrap_or(&task.reference), "the task's starting kernel")
            };
            return Ok(Draft { source: source.clone(), agent: "task".into(), summary: summary.into() });
        }
        let brief = Brief { task, history, step };
        let said = self.judge.judge(brief).await?;
        self.tell(run, task, RunEvent::Judged { number, judgement: said.clone() });
        let draft = self.coder.write(brief, judgement.insert(said)).await?;
        Ok(draft)
    }

    /// Catches up with what the store knows: a kill may have come between a verdict and the branch of the best candidate, and the
    /// repository may have been lost or moved away.
    async fn complete_lineage(&self, run: RunId, task: &Task, history: &History) -> Result<(), StoreError> {
        let times = self.store.step_times(run).await?;
        for (record, time_ms) in history.steps.iter().zip(times) {
            if record.candidate.is_some() && !self.lineage.has(run, record.number)? {
                self.commit(run, task, record, time_ms)?;
            }
        }
        history.best().map_or(Ok(()), |(number, _)| self.lineage.best(run, number))
    }

    /// Commits the step's candidate. The same for the same step, so that a commit can be made again.
    fn commit(&self, run: RunId, task: &Task, record: &StepRecord, time_ms: i64) -> Result<(), StoreError> {
        let Some(candidate) = &record.candidate else { return Ok(()) };
        let number = record.number;
        let about = serde_json::json!({
            "step": number,
            "kind": record.step.name(),
            "agent": candidate.agent,
            "summary": candidate.summary,
            "digest": candidate.digest,
            "method": record.judgement.as_ref().and_then(|j| j.method()),
        });
        let source_file = task.target().file("candidate");
        let files = [(source_file.as_str(), candidate.source.as_str()), ("candidate.json", &format!("{about:#}\n"))];
        let of = record.step.parent().map_or(String::new(), |p| format!(" of #{p}"));
        let message = format!("#{number} {}{of}: {}", record.step.name(), candidate.summary);
        let parents: Vec<u32> = record.step.parent().into_iter().collect();
        self.lineage.commit(run, number, &parents, &files, &message, time_ms).map(|_| ())
    }

    async fn evaluate(
        &self,
        run: RunId,
        task: &Task,
        device: &str,
        history: &History,
        number: u32,
        started: Instant,
    ) -> Result<(), StoreError> {
        let Some(record) = history.steps.get(number as usize) else { return Ok(()) };
        let Some(candidate) = &record.candidate else { return Ok(()) };
        let tools = &self.pool.abilities().tools(task.target());
        let known = self.store.cached_evaluation(&task.digest, &candidate.digest, device, tools).await?;
        let cached = known.is_some();
        let evaluation = match known {
            Some(evaluation) => evaluation,
            None => {
                let device = device.to_string();
                let plan = Plan { device, profile_below: history.best().map(|(_, value)| value), seed: None };
                let job = Job { task, source: &candidate.source, plan: &plan, keep: None };
                self.pool.evaluate(job, |stage| self.tell(run, task, RunEvent::StageStarted { number, stage })).await
            }
        };
        let mut judgement = record.judgement.clone();
        let before = record.step.parent().and_then(|p| history.candidate(p)?.evaluation.as_ref());
        if let (Some(judgement), Some(before)) = (&mut judgement, before) {
            judgement.settle(before, &evaluation);
        }
        let seconds = started.elapsed().as_secs_f64();
        self.store.add_evaluation(run, number, &evaluation, cached, seconds, judgement.as_ref()).await?;
        let best = evaluation.objective.as_ref().is_some_and(|o| history.best().is_none_or(|(_, b)| o.value < b));
        if best && evaluation.accepted() {
            self.lineage.best(run, number)?;
        }
        self.tell(run, task, evaluated(history, number, &evaluation, cached, best));
        Ok(())
    }
}

fn evaluated(history: &History, number: u32, evaluation: &Evaluation, cached: bool, best: bool) -> RunEvent {
    let objective = evaluation.objective.as_ref().map(|o| o.value);
    let baseline = if number == 0 { objective } else { history.baseline() };
    RunEvent::Evaluated {
        number,
        accepted: evaluation.accepted(),
        reason: evaluation.failure(),
        message: failure_line(evaluation),
        objective,
        unit: evaluation.objective.as_ref().map(|o| o.unit.clone()),
        speedup: baseline.zip(objective).map(|(b, o)| b / o),
        assurance: evaluation.assurance.as_ref().map(ToString::to_string),
        seconds: evaluation.seconds(),
        cached,
        best,
    }
}

fn ended(history: &History, stop: StopReason) -> RunEvent {
    let best = history.best();
    let evaluation = best.and_then(|(number, _)| history.candidate(number)?.evaluation.as_ref());
    RunEvent::RunEnded {
        stop: stop.as_str().into(),
        best: best.map(|(number, _)| number),
        objective: best.map(|(_, value)| value),
        unit: evaluation.and_then(|e| Some(e.objective.as_ref()?.unit.clone())),
        baseline: history.baseline(),
        speedup: history.baseline().zip(best).map(|(b, (_, o))| b / o),
        assurance: evaluation.and_then(|e| Some(e.assurance.as_ref()?.to_string())),
        candidates: history.steps.iter().filter(|s| s.candidate.is_some()).count(),
        seconds: history.seconds(),
    }
}
