# The network in simmer (https://r-simmer.org), lean: people drawn beforehand with R's vectors, one trajectory for
# each way through the places, stays as attributes, so that no function of R is called while it runs.
#
# Rscript with_simmer.R PLACES.csv PER_DAY WARM_UP_DAYS DAYS SEED...
# PLACES.csv: name, capacity, mu, sigma, and the share that goes on to each place; the hospital first.
# Prints, for each seed: seed, CPU seconds, mean delayed, and mean people in every other place.

suppressPackageStartupMessages(library(simmer))

arguments <- commandArgs(trailingOnly = TRUE)
places <- read.csv(arguments[1], stringsAsFactors = FALSE)
numbers <- as.numeric(arguments[-1])
onward <- as.matrix(places[, -(1:4)])

draw <- function(per_day, horizon) {
  count <- rpois(1, per_day * horizon)
  people <- data.frame(time = sort(runif(count, 0, horizon)))
  where <- rep(1L, count)
  way <- rep("", count)
  step <- 0
  while (any(where > 0)) {
    step <- step + 1
    here <- where > 0
    stay <- rep(0, count)
    stay[here] <- rlnorm(sum(here), places$mu[where[here]], places$sigma[where[here]])
    people[[paste0("stay", step)]] <- stay
    way[here] <- paste(way[here], where[here])
    rank <- runif(count)
    on <- rep(0L, count)
    for (place in seq_len(nrow(places))) {
      edges <- c(0, cumsum(onward[place, ]))
      to <- findInterval(rank, edges)
      to[to > nrow(places)] <- 0L
      on <- ifelse(where == place, to, on)
    }
    where <- as.integer(on)
  }
  split(people, way)
}

trajectory_of <- function(way) {
  stops <- as.integer(strsplit(trimws(way), " ")[[1]])
  held <- "ready"
  story <- trajectory() |> timeout_from_attribute("stay1") |> seize("ready")
  for (step in seq_along(stops)[-1]) {
    place <- places$name[stops[step]]
    story <- story |> seize(place) |> release(held) |> timeout_from_attribute(paste0("stay", step))
    held <- place
  }
  story |> release(held)
}

replicate_once <- function(seed, per_day, warm_up, days) {
  set.seed(seed)
  horizon <- warm_up + days
  env <- simmer() |> add_resource("ready", Inf)
  for (number in seq_len(nrow(places))[-1]) {
    env <- add_resource(env, places$name[number], places$capacity[number])
  }
  groups <- draw(per_day, horizon)
  for (way in names(groups)) {
    env <- add_dataframe(env, paste0("p", gsub(" ", "_", way), "_"), trajectory_of(way), groups[[way]],
                         mon = 0, col_time = "time", time = "absolute")
  }
  run(env, until = horizon)
  seen <- get_mon_resources(env)
  midnights <- (warm_up + 1):horizon
  sapply(c("ready", places$name[-1]), function(name) {
    mine <- seen[seen$resource == name, ]
    mean(c(0, mine$server)[findInterval(midnights, mine$time) + 1])
  })
}

invisible(replicate_once(1, numbers[1], 0, 30))  # what is only done once is not to be measured
for (seed in numbers[-(1:3)]) {
  begun <- sum(proc.time()[1:2])
  means <- replicate_once(seed, numbers[1], numbers[2], numbers[3])
  took <- sum(proc.time()[1:2]) - begun
  cat(format(seed), took, means, "\n")
}
