//! Enrichments of one source, mail or meetings: scores, how they are explained, and segments.

use std::path::Path;

use datafusion::prelude::SessionContext;
use datafusion_engagement::config::{Enrichment, Measure, Source, Weights};
use datafusion_engagement::pipeline::{self, Silent};
use datafusion_engagement::query::{segments, session};

use crate::support::{block_on, bundled, rows, value};

/// The bundled enrichment with one source only.
fn only(source: Source, output: &Path) -> Enrichment {
    let mut enrichment = bundled(output);
    match source {
        Source::Mail => enrichment.meetings = None,
        Source::Meetings => enrichment.mail = None,
    }
    enrichment
}

async fn nothing(ctx: &SessionContext, sql: &str) {
    assert_eq!(rows(ctx, sql).await.unwrap_or_else(|e| panic!("{sql}\n{e}")), Vec::<Vec<String>>::new());
}

#[test]
fn scores_are_scaled_to_the_source_that_is_there() {
    block_on(async {
        for (source, total) in [(Source::Mail, 55), (Source::Meetings, 55)] {
            let folder = tempfile::tempdir().unwrap();
            let enrichment = only(source, folder.path());
            let report = pipeline::run(&enrichment, &Silent).await.unwrap();
            let others: Vec<_> = report.notes.iter().filter(|note| !note.contains("not used")).collect();
            assert_eq!(others, [""; 0], "no note but about values that are not used");
            let ctx = session::published(&enrichment).await.unwrap();
            let live = session::live(&enrichment).await.unwrap();
            let explained = r#"select * from "Office_ScoreExplained" order by 1, 2, 3, 4"#;
            let (from_live, from_published) =
                (rows(&live, explained).await.unwrap(), rows(&ctx, explained).await.unwrap());
            assert!(from_live.len() > 1000);
            assert_eq!(from_live.iter().zip(&from_published).find(|(a, b)| a != b), None, "{source}");

            // Measures of the other source weigh nothing, and the points add up to the score.
            for measure in Measure::ALL {
                let is_there = measure.source.is_none_or(|of| of == source);
                let weight = if is_there { measure.default_weight } else { 0 };
                nothing(
                    &ctx,
                    &format!(
                        r#"select * from "Office_ScoreExplained" where "Measure" = '{}' and ("Weight" <> {weight} or {})"#,
                        measure.name,
                        if is_there { "false" } else { r#""Points" <> 0 or "Standing" <> 0 or "Value" <> 0"# },
                    ),
                )
                .await;
            }
            nothing(
                &ctx,
                &format!(
                    r#"select * from "Office" as office full join (
                        select "CustomerId", "AggregationLevel", "AggregationStartDate", count(*) as measures,
                            100 * sum("Standing" * "Weight") / sum("Weight") as scaled, sum("Points") as points,
                            sum("Weight") as weights
                        from "Office_ScoreExplained" group by 1, 2, 3
                    ) as explained on explained."CustomerId" = office."CustomerId"
                        and explained."AggregationLevel" = office."AggregationLevel"
                        and explained."AggregationStartDate" = office."AggregationStartDate"
                    where (measures is distinct from 9) or weights <> {total} or "EngagementScore" not between 0 and 100
                        or coalesce(abs(scaled - "EngagementScore") > 1e-9, true)
                        or coalesce(abs(points - "EngagementScore") > 1e-9, true)"#
                ),
            )
            .await;
            // Without scaling, no score is above the sum of the weights.
            let most = r#"select max("EngagementScore") from "Office" where "AggregationLevel" = 'year'"#;
            assert!(value(&ctx, most).await.parse::<f64>().unwrap() > f64::from(total), "{source}");
        }
    });
}

#[test]
fn without_a_weight_that_counts_every_score_is_zero() {
    let folder = tempfile::tempdir().unwrap();
    let mut enrichment = only(Source::Meetings, folder.path());
    let of_mail = |measure: Measure| u32::from(measure.source == Some(Source::Mail)) * 25;
    enrichment.weights = Weights(Measure::ALL.map(of_mail));
    block_on(async {
        let report = pipeline::run(&enrichment, &Silent).await.unwrap();
        assert!(report.notes[0].starts_with("[score.weights] every score is 0"), "{:?}", report.notes);
        for ctx in [session::published(&enrichment).await.unwrap(), session::live(&enrichment).await.unwrap()]
        {
            assert_ne!(value(&ctx, r#"select max("NoOfMeetings_ToAccount") from "Office""#).await, "0");
            nothing(&ctx, r#"select * from "Office" where "EngagementScore" is distinct from 0"#).await;
            nothing(
                &ctx,
                r#"select * from "Office_ScoreExplained" where "Weight" <> 0 or ("Points" is distinct from 0)"#,
            )
            .await;
        }
    });
}

#[test]
fn stale_asks_nothing_of_a_source_that_is_not_there() {
    block_on(async {
        for (source, column) in
            [(Source::Mail, "DaysSinceLastEmail"), (Source::Meetings, "DaysSinceLastMeeting")]
        {
            let folder = tempfile::tempdir().unwrap();
            let enrichment = only(source, folder.path());
            pipeline::run(&enrichment, &Silent).await.unwrap();
            // The run decides, even if the enrichment file names both sources by now.
            let both = bundled(folder.path());
            let ctx = session::published(&both).await.unwrap();
            let description =
                datafusion_engagement::publish::register(&session::new().unwrap(), &both).await.unwrap();
            assert_eq!(description.sources(), [source]);
            segments::register(&ctx, &both, &description.sources()).await.unwrap();
            let stale = r#"select "CustomerId" from "Segment_Stale" order by 1"#;
            let by_hand = format!(
                r#"select "CustomerId" from "Office" where "AggregationLevel" = 'year' and "{column}" > 60 order by 1"#
            );
            let stale = rows(&ctx, stale).await.unwrap();
            assert!(stale.len() > 5, "{source}: {}", stale.len());
            assert_eq!(stale, rows(&ctx, &by_hand).await.unwrap(), "{source}");
        }
    });
}
